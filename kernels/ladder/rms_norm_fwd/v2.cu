// v2 of rms_norm_fwd.cu: all threads of a block share a row, a tree of shuffles adds their parts.
// Neighbours load neighbours, but 2 bytes at a time: 64 bytes a warp where 512 would fit.
#include "norm.cuh"

KERNEL __launch_bounds__(256) rms_norm_fwd(bf16 *y, float *rstd, const bf16 *x, const bf16 *w,
                                           int width, int first, int count, int c, float eps) {
  SHARED(float, part, 32);
  const int64_t row = blockIdx.x / count;
  const int64_t at = row * width + first + (int64_t)(blockIdx.x % count) * c;
  float s = 0.f;
  for (int i = threadIdx.x; i < c; i += blockDim.x) s += to_f32(x[at + i]) * to_f32(x[at + i]);
  const float r = rstd_of(s, part, c, eps);
  if (threadIdx.x == 0) rstd[blockIdx.x] = r;
  for (int i = threadIdx.x; i < c; i += blockDim.x)
    y[at + i] = to_bf16(to_f32(x[at + i]) * r * to_f32(w[i]));
}
