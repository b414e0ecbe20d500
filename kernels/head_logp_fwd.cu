// head_logp_fwd.cu: logp[r] = log softmax(logits[r,:] / T)[target[r]], entropy[r] in nats
// Shapes   logits [R,ld] f32, target [R] i32, logp, entropy [R] f32
// Layout   row-major, V columns of ld
// Launch   grid (R,1,1), block (256,1,1), smem 0; one block per row
// Math     f32 with exp_rn and ln_rn, fixed tree: the bits of `sample`
// Roofline bytes = 4RV; R=4096 V=151936: 2.49 GB = 579 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          head_logp_fwd 1002.2 (41 %)
// Oracle   testkit::kernels::head (f64), budget E2
// Versions v1 two passes over a row (this)
#include "logits.cuh"

KERNEL __launch_bounds__(256) head_logp_fwd(float *logp, float *entropy, const float *logits,
                                            const int *target, int v, int ld, float temperature) {
  SHARED(float, part, PARTS);
  const float *row = logits + (int64_t)blockIdx.x * ld;
  const Law law = whole_law(row, v, temperature, part);
  if (threadIdx.x) return;
  logp[blockIdx.x] = logp_of(law, row[target[blockIdx.x]]);
  entropy[blockIdx.x] = law.entropy;
}
