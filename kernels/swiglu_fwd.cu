// swiglu_fwd.cu: y = silu(gate) * up
// Shapes   gate_up [R,2F] bf16, gate first; y [R,F] bf16
// Layout   row-major, contiguous, 16-byte aligned, F % 8 == 0
// Launch   grid (ceil(R*F/2048),1,1), block (256,1,1), smem 0; 8 elements per thread
// Math     f32 with exp_rn, one rounding at the store
// Roofline bytes = 6RF; R=16384 F=6144: 604 MB = 140 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          swiglu_fwd 199.7 (101 %)
// Oracle   testkit::kernels::swiglu (f64), budget E2
// Versions v1 16-byte accesses (this)
#include "math.cuh"

KERNEL __launch_bounds__(256) swiglu_fwd(bf16 *y, const bf16 *gate_up, int n_rows, int f) {
  const int64_t i = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) * 8;
  if (i >= (int64_t)n_rows * f) return;
  const int64_t row = i / f, at = row * 2 * f + i % f;
  const Eight g = load8(gate_up + at), u = load8(gate_up + at + f);
  Eight out;
  UNROLL for (int e = 0; e < 8; e++) out.v[e] =
      __fmul_rn(__fmul_rn(g.v[e], sigmoid_rn(g.v[e])), u.v[e]);
  store8(y + i, out);
}
