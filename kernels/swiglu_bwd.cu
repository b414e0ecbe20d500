// swiglu_bwd.cu: dgate = dy up s (1 + gate (1 - s)), dup = dy gate s, for s = sigmoid(gate)
// Shapes   gate_up, dgate_up [R,2F] bf16, gate first; dy [R,F] bf16
// Layout   row-major, contiguous, 16-byte aligned, F % 8 == 0; dgate_up may be gate_up
// Launch   grid (ceil(R*F/2048),1,1), block (256,1,1), smem 0; 8 elements per thread
// Math     f32 with exp_rn, one rounding at the store
// Roofline bytes = 10RF; R=16384 F=6144: 1.01 GB = 234 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          swiglu_bwd 332.7 (101 %)
// Oracle   testkit::kernels::swiglu_bwd (f64), budget E2; finite differences of swiglu
// Versions v1 16-byte accesses (this)
#include "math.cuh"

KERNEL __launch_bounds__(256)
    swiglu_bwd(bf16 *dgate_up, const bf16 *gate_up, const bf16 *dy, int n_rows, int f) {
  const int64_t i = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) * 8;
  if (i >= (int64_t)n_rows * f) return;
  const int64_t row = i / f, at = row * 2 * f + i % f;
  const Eight g = load8(gate_up + at), u = load8(gate_up + at + f), d = load8(dy + i);
  Eight dg, du;
  UNROLL for (int e = 0; e < 8; e++) {
    const float s = sigmoid_rn(g.v[e]);
    dg.v[e] = d.v[e] * u.v[e] * s * (1.f + g.v[e] * (1.f - s));
    du.v[e] = d.v[e] * g.v[e] * s;
  }
  store8(dgate_up + at, dg);
  store8(dgate_up + at + f, du);
}
