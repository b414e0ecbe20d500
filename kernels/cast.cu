// cast.cu: y = x in another type; y = x + y; pages copied onto pages
// Shapes   x, y [n] bf16 or f32; pages [pages,E] bf16, from, to [U] i32
// Layout   contiguous, 16-byte aligned, any n; E % 8 == 0
// Launch   grid (ceil(n/2048),1,1) or (U,1,1), block (256,1,1), smem 0; 8 elements per thread
// Math     rounded to nearest even
// Floor    bytes = 6n (f32 to bf16); n=1.7e9: 10.2 GB = 2.4 ms at 4.3 TB/s
// Measured not measured
// Oracle   half::bf16, exact
// Versions v1 16-byte accesses (this)
#include "prims.cuh"

KERNEL __launch_bounds__(256) cast_f32_bf16(bf16 *y, const float *x, int64_t n) {
  const int64_t i = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) * 8;
  if (i + 8 <= n) {
    const float4 a = *(const float4 *)(x + i), b = *(const float4 *)(x + i + 4);
    store8(y + i, {{a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w}});
  } else {
    for (int64_t j = i; j < n; j++) y[j] = to_bf16(x[j]);
  }
}

KERNEL __launch_bounds__(256) cast_bf16_f32(float *y, const bf16 *x, int64_t n) {
  const int64_t i = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) * 8;
  if (i + 8 <= n) {
    const Eight e = load8(x + i);
    *(float4 *)(y + i) = make_float4(e.v[0], e.v[1], e.v[2], e.v[3]);
    *(float4 *)(y + i + 4) = make_float4(e.v[4], e.v[5], e.v[6], e.v[7]);
  } else {
    for (int64_t j = i; j < n; j++) y[j] = to_f32(x[j]);
  }
}

KERNEL __launch_bounds__(256) add_bf16(bf16 *y, const bf16 *x, int64_t n) {
  const int64_t i = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) * 8;
  if (i + 8 <= n) {
    const Eight a = load8(x + i);
    Eight b = load8(y + i);
    UNROLL for (int e = 0; e < 8; e++) b.v[e] = __fadd_rn(b.v[e], a.v[e]);
    store8(y + i, b);
  } else {
    for (int64_t j = i; j < n; j++) y[j] = to_bf16(__fadd_rn(to_f32(y[j]), to_f32(x[j])));
  }
}

KERNEL __launch_bounds__(256)
    copy_pages(bf16 *pages, const int *from, const int *to, int page_elements) {
  const bf16 *src = pages + (int64_t)from[blockIdx.x] * page_elements;
  bf16 *dst = pages + (int64_t)to[blockIdx.x] * page_elements;
  for (int i = threadIdx.x; i < page_elements / 8; i += blockDim.x)
    *(uint4 *)(dst + i * 8) = *(const uint4 *)(src + i * 8);
}
