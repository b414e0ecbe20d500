// add_rms_norm_fwd.cu: h = x + r; y[r,:] = h[r,:] * rsqrt(mean(h[r,:]^2) + eps) * w
// Shapes   x, r, h, y [R,C] bf16, w [C] bf16, rstd [R] f32
// Layout   row-major, contiguous, 16-byte aligned, C % 8 == 0; h may be x
// Launch   grid (R,1,1), block (32*ceil(C/256) up to 256,1,1), smem 0; one block per row
// Math     h is rounded to bf16, then as rms_norm_fwd
// Roofline bytes = 8RC + 2C + 4R; R=16384 C=2048: 268.5 MB = 62 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          add_rms_norm_fwd 94.4 (95 %)
// Oracle   testkit::kernels::rms_norm of the rounded sum (f64), budget E2
// Versions v1 two passes over h, the second out of L1 (this)
#include "norm.cuh"

KERNEL __launch_bounds__(256) add_rms_norm_fwd(bf16 *y, bf16 *h, float *rstd, const bf16 *x,
                                               const bf16 *r, const bf16 *w, int c, float eps) {
  SHARED(float, part, 32);
  const int64_t at = (int64_t)blockIdx.x * c;
  float s = 0.f;
  for (int i = threadIdx.x; i < c / 8; i += blockDim.x) {
    const Eight a = load8(x + at + i * 8), b = load8(r + at + i * 8);
    Eight sum;
    UNROLL for (int e = 0; e < 8; e++) sum.v[e] = __fadd_rn(a.v[e], b.v[e]);
    store8(h + at + i * 8, sum);
    s = squares(s, load8(h + at + i * 8));
  }
  const float k = rstd_of(s, part, c, eps);
  if (threadIdx.x == 0) rstd[blockIdx.x] = k;
  for (int i = threadIdx.x; i < c / 8; i += blockDim.x)
    store8(y + at + i * 8, scaled(load8(h + at + i * 8), k, load8(w + i * 8)));
}
