// rms_norm_fwd.cu: y[g,:] = x[g,:] * rsqrt(mean(x[g,:]^2) + eps) * w
// Shapes   x, y [R,width] bf16, w [C] bf16, rstd [R,count] f32; groups of C at first + i*C
// Layout   row-major, 16-byte aligned, width, first, C % 8 == 0; y may be x
// Launch   grid (R*count,1,1), block (32*ceil(C/256) up to 256,1,1), smem 0; one block per group
// Math     f32, fixed tree, one rounding at the store; a row's bits depend on the row alone
// Roofline bytes = 4RC + 2C + 4R; R=16384 C=2048: 134.3 MB = 31 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          rms_norm_fwd 50.1 (89 %)
// Oracle   testkit::kernels::rms_norm (f64), budget E2
// Versions v1 scalar row loop (ladder/rms_norm_fwd/v1.cu); v2 a warp's tree, scalar loads
//          (ladder/rms_norm_fwd/v2.cu); v3 128-bit loads (this)
#include "norm.cuh"

KERNEL __launch_bounds__(256) rms_norm_fwd(bf16 *y, float *rstd, const bf16 *x, const bf16 *w,
                                           int width, int first, int count, int c, float eps) {
  SHARED(float, part, 32);
  const int64_t row = blockIdx.x / count;
  const int64_t at = row * width + first + (int64_t)(blockIdx.x % count) * c;
  float s = 0.f;
  for (int i = threadIdx.x; i < c / 8; i += blockDim.x) s = squares(s, load8(x + at + i * 8));
  const float r = rstd_of(s, part, c, eps);
  if (threadIdx.x == 0) rstd[blockIdx.x] = r;
  for (int i = threadIdx.x; i < c / 8; i += blockDim.x)
    store8(y + at + i * 8, scaled(load8(x + at + i * 8), r, load8(w + i * 8)));
}
