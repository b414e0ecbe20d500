// grad_norm.cu: norm = sqrt(sum of all x^2); factor = min(1, max_norm / (norm + 1e-6))
// Shapes   x [n] f32, partial [P] f32 (P = sum over tensors of ceil(n/4096)), out [2] f32
// Layout   contiguous; each tensor writes its own stretch of partial
// Launch   sum_squares: grid (ceil(n/4096),1,1), block (256,1,1); clip_factor: grid 1, block 256
// Math     f32 in blocks of 4096 by a fixed tree, blocks added in f64 by a fixed tree; the factor
//          stays on the device; a norm that is not finite makes the factor NaN
// Roofline bytes = 4n; n=1.7e9: 6.8 GB = 1.6 ms at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          grad_norm 566.7 (73 %)
// Oracle   testkit::kernels::norm (f64), budget E2; the factor as optim::clip_grad_norm
// Versions v1 (this)
#include "prims.cuh"

KERNEL __launch_bounds__(256) sum_squares(float *partial, const float *x, int64_t n) {
  SHARED(float, part, 32);
  const int64_t begin = (int64_t)blockIdx.x * 4096;
  float s = 0.f;
  for (int i = threadIdx.x; i < 4096 && begin + i < n; i += 256)
    s = __fmaf_rn(x[begin + i], x[begin + i], s);
  s = block_sum(s, part);
  if (threadIdx.x == 0) partial[blockIdx.x] = s;
}

KERNEL __launch_bounds__(256) clip_factor(float *out, const float *partial, int n, float max_norm) {
  SHARED(double, sums, 256);
  double s = 0.;
  for (int i = threadIdx.x; i < n; i += 256) s += (double)partial[i];
  sums[threadIdx.x] = s;
  for (int width = 128; width; width >>= 1) {
    __syncthreads();
    if ((int)threadIdx.x < width) sums[threadIdx.x] += sums[threadIdx.x + width];
  }
  if (threadIdx.x) return;
  const float norm = (float)sqrt(sums[0]);
  out[0] = norm;
  out[1] = norm < INF_F ? fminf(__fdiv_rn(max_norm, __fadd_rn(norm, 1e-6f)), 1.f) : NAN_F;
}
