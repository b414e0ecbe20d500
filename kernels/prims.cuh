// prims.cuh: what a kernel may use of the machine, once for the GPU and once for the CPU.
//
// The only file with PTX. On the GPU (nvcc, NVRTC) no toolkit header is needed; elsewhere the
// words come from simt/. Floating-point steps that must give the same bits in two kernels are
// written with the `_rn` functions, which no compiler contracts.
#pragma once
#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define ON_GPU 1
#ifdef __CUDACC_RTC__
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#else
#include <cstdint>
#endif
#define DEV static __device__ __forceinline__
#define DEVICE __device__ __forceinline__
#define DYN_SMEM(name) extern __shared__ __align__(1024) unsigned char name[]
#define SHARED(T, name, n) __shared__ __align__(128) T name[n]
#define UNROLL _Pragma("unroll")
#define INF_F __int_as_float(0x7f800000)
#define NAN_F __int_as_float(0x7fffffff)
#else
#include "simt/tensor.h"
#define DEV static inline
#define DEVICE inline
#define DYN_SMEM(name) unsigned char *name = simt::dyn_smem()
#define SHARED(T, name, n)                                                                         \
  static const char name##_key = 0;                                                                \
  T *const name = (T *)simt::shared_at(&name##_key, sizeof(T) * (n))
#define UNROLL
#define INF_F __int_as_float(0x7f800000)
#define NAN_F __int_as_float(0x7fffffff)
#endif
#define KERNEL extern "C" __global__ void

constexpr unsigned ALL = 0xffffffffu;

// Our own type, so that no header of the toolkit is needed.
struct bf16 {
  uint16_t v;
};

#ifdef ON_GPU
DEV uint32_t pack_bf16(float lo, float hi) {
  uint32_t u;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(u) : "f"(hi), "f"(lo));
  return u;
}
#else
DEV uint32_t bf16_bits(float f) {
  uint32_t u = __float_as_uint(f);
  if ((u & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
}
DEV uint32_t pack_bf16(float lo, float hi) { return bf16_bits(lo) | bf16_bits(hi) << 16; }
#endif

DEV float to_f32(bf16 b) { return __uint_as_float((uint32_t)b.v << 16); }
DEV bf16 to_bf16(float f) {
  bf16 b;
  b.v = (uint16_t)pack_bf16(f, 0.f);
  return b;
}
DEV float low(uint32_t u) { return __uint_as_float(u << 16); }
DEV float high(uint32_t u) { return __uint_as_float(u & 0xffff0000u); }

// Eight bf16 in 16 bytes.
struct Eight {
  float v[8];
};
DEV Eight load8(const bf16 *p) {
  const uint4 u = *(const uint4 *)p;
  return {{low(u.x), high(u.x), low(u.y), high(u.y), low(u.z), high(u.z), low(u.w), high(u.w)}};
}
DEV void store8(bf16 *p, const Eight &e) {
  *(uint4 *)p = make_uint4(pack_bf16(e.v[0], e.v[1]), pack_bf16(e.v[2], e.v[3]),
                           pack_bf16(e.v[4], e.v[5]), pack_bf16(e.v[6], e.v[7]));
}

#ifdef ON_GPU
DEV uint32_t smem_u32(const void *p) { return (uint32_t)__cvta_generic_to_shared(p); }
// Copies `n_bytes` of 16 and fills the rest with zeros.
DEV void cp_async16(void *dst, const void *src, int n_bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(smem_u32(dst)), "l"(src),
               "r"(n_bytes)
               : "memory");
}
DEV void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template<int N> DEV void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}
DEV void ldsm_x4(uint32_t (&r)[4], const void *p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(smem_u32(p))
               : "memory");
}
DEV void ldsm_x4_t(uint32_t (&r)[4], const void *p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(smem_u32(p))
               : "memory");
}
DEV void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
// 2^x, approximately.
DEV float ex2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
// log2 x, approximately.
DEV float lg2(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
#else
DEV void cp_async16(void *dst, const void *src, int n) { simt::cp_async(dst, src, 16, n); }
DEV void cp_async_commit() { simt::cp_async_commit(); }
template<int N> DEV void cp_async_wait() { simt::cp_async_wait(N); }
#define ldsm_x4(r, p) simt::ldmatrix_x4<false>(r, p, __FILE__, __LINE__)
#define ldsm_x4_t(r, p) simt::ldmatrix_x4<true>(r, p, __FILE__, __LINE__)
#define mma_bf16(d, a, b0, b1) simt::mma(d, a, b0, b1, __FILE__, __LINE__)
DEV float ex2(float x) { return exp2f(x); }
DEV float lg2(float x) { return log2f(x); }
#endif

// Sums and maxima over lanes, by a fixed tree.
DEV float warp_sum(float v) {
  UNROLL for (int o = 16; o; o >>= 1) v = __fadd_rn(v, __shfl_xor_sync(ALL, v, o));
  return v;
}
DEV float warp_max(float v) {
  UNROLL for (int o = 16; o; o >>= 1) v = fmaxf(v, __shfl_xor_sync(ALL, v, o));
  return v;
}

// The sum over a block of whole warps; every thread gets it. `part` holds 32 floats, and is free
// again after the next barrier.
DEV float block_sum(float v, float *part) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, n_warps = blockDim.x >> 5;
  v = warp_sum(v);
  if (lane == 0) part[warp] = v;
  __syncthreads();
  return warp_sum(lane < n_warps ? part[lane] : 0.f);
}
DEV float block_max(float v, float *part) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, n_warps = blockDim.x >> 5;
  v = warp_max(v);
  if (lane == 0) part[warp] = v;
  __syncthreads();
  return warp_max(lane < n_warps ? part[lane] : -INF_F);
}
