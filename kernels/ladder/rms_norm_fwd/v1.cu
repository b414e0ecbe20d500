// v1 of rms_norm_fwd.cu: one thread does a row, as a CPU would. 255 of 256 threads idle, and
// every load waits for the one before it.
#include "norm.cuh"

KERNEL __launch_bounds__(256) rms_norm_fwd(bf16 *y, float *rstd, const bf16 *x, const bf16 *w,
                                           int width, int first, int count, int c, float eps) {
  if (threadIdx.x) return;
  const int64_t row = blockIdx.x / count;
  const int64_t at = row * width + first + (int64_t)(blockIdx.x % count) * c;
  float s = 0.f;
  for (int i = 0; i < c; i++) s += to_f32(x[at + i]) * to_f32(x[at + i]);
  const float r = 1.f / sqrtf(s / (float)c + eps);
  rstd[blockIdx.x] = r;
  for (int i = 0; i < c; i++) y[at + i] = to_bf16(to_f32(x[at + i]) * r * to_f32(w[i]));
}
