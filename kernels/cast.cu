// cast.cu: y = x in another type; y = x + y; keys and values copied from slot to slot
// Shapes   x, y [n] bf16 or f32; k_pages, v_pages [pages,K,64,D] bf16, from, to [U] i32, each
//          64*page + place, no slot both read and written
// Layout   contiguous, 16-byte aligned, any n; D % 8 == 0
// Launch   grid (ceil(n/2048),1,1) or (U,1,1), block (256,1,1), smem 0; 8 elements per thread
// Math     rounded to nearest even
// Roofline bytes = 6n (f32 to bf16); n=1.7e9: 10.2 GB = 2.4 ms at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          copy_slots 52.1 (86 %), cast_f32_bf16 70.1 (96 %), cast_bf16_f32 75.5 (89 %),
//          add_bf16 70.1 (95 %)
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
    copy_slots(bf16 *k_pages, bf16 *v_pages, const int *from, const int *to, int n_kv, int d) {
  const int src = from[blockIdx.x], dst = to[blockIdx.x], chunks = d / 8;
  for (int i = threadIdx.x; i < 2 * n_kv * chunks; i += blockDim.x) {
    bf16 *pages = i < n_kv * chunks ? k_pages : v_pages;
    const int head = i / chunks % n_kv, at = i % chunks * 8;
    const bf16 *x = pages + (((int64_t)(src / 64) * n_kv + head) * 64 + src % 64) * d + at;
    bf16 *y = pages + (((int64_t)(dst / 64) * n_kv + head) * 64 + dst % 64) * d + at;
    *(uint4 *)y = *(const uint4 *)x;
  }
}
