// words.h: the words of CUDA C++ that our kernels use, as plain C++.
//
// Only what stands here compiles. Left out on purpose: atomics (a result must not depend on who
// comes first), `<<<>>>`, cooperative groups, `__shared__` (use SHARED and DYN_SMEM) and every
// approximate intrinsic: a kernel names its rounding.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

struct uint3 {
  unsigned x, y, z;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
  return {x, y, z, w};
}

template<class To, class From> static inline To simt_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "a cast of bits keeps their number");
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}
static inline float __int_as_float(int i) { return simt_bits<float>(i); }
static inline int __float_as_int(float f) { return simt_bits<int>(f); }
static inline float __uint_as_float(unsigned i) { return simt_bits<float>(i); }
static inline unsigned __float_as_uint(float f) { return simt_bits<unsigned>(f); }

// Rounded to nearest, never contracted: the file is compiled with -ffp-contract=off.
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

static inline unsigned __umulhi(unsigned a, unsigned b) {
  return (unsigned)(((uint64_t)a * b) >> 32);
}
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
using std::max;
using std::min;
