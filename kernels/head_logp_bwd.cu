// head_logp_bwd.cu: dlogits = (dlogp (1[j = target] - p_j) - dentropy p_j (log p_j + H)) / T
// Shapes   logits [R,ld] f32, dlogits [R,ld_out] bf16, target [R] i32, dlogp, dentropy [R] f32
// Layout   row-major, V columns of ld and ld_out
// Launch   grid (R,1,1), block (256,1,1), smem 0; one block per row
// Math     f32, the law computed again, one rounding at the store
// Roofline bytes = 6RV; R=4096 V=151936: 3.73 GB = 868 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          head_logp_bwd 1934.3 (32 %)
// Oracle   testkit::kernels::head_bwd (f64), budget E2; finite differences of head
// Versions v1 three passes over a row (this)
#include "logits.cuh"

KERNEL __launch_bounds__(256)
    head_logp_bwd(bf16 *dlogits, const float *logits, const int *target, const float *dlogp,
                  const float *dentropy, int v, int ld, int ld_out, float temperature) {
  SHARED(float, part, PARTS);
  const int64_t r = blockIdx.x;
  const float *row = logits + r * ld;
  const Law law = whole_law(row, v, temperature, part);
  for (int i = threadIdx.x; i < v; i += ROW_THREADS)
    dlogits[r * ld_out + i] = to_bf16(dlogit(law, row[i], i == target[r], dlogp[r], dentropy[r]));
}
