// math.cuh: exp, ln and Philox with the same bits on every machine.
//
// The polynomials are those of crates/cpu (`math`): sums and products rounded to nearest, one by
// one, so that the GPU, the emulation and the CPU backend agree to the last bit.
#pragma once
#include "prims.cuh"

// e^x to 1.5 ulp for x in [-87.3, 88.3]; 0 below, clamped above.
DEV float exp_rn(float x) {
  const float round = 12582912.f; // 1.5 * 2^23: leaves an integer in the low bits of the sum
  float clamped = x < 88.f ? x : 88.f;
  clamped = clamped > -87.f ? clamped : -87.f;
  const float shifted = __fmaf_rn(clamped, 1.442695040888963407f, round);
  const float n = __fsub_rn(shifted, round);
  const float r = __fmaf_rn(n, 2.1219444e-4f, __fmaf_rn(n, -0.6933594f, clamped));
  float p = 1.9875691e-4f;
  p = __fmaf_rn(p, r, 1.3981999e-3f);
  p = __fmaf_rn(p, r, 8.333452e-3f);
  p = __fmaf_rn(p, r, 4.1665796e-2f);
  p = __fmaf_rn(p, r, 1.6666665e-1f);
  p = __fmaf_rn(p, r, 5e-1f);
  const float e_r = __fmaf_rn(p, __fmul_rn(r, r), __fadd_rn(r, 1.f));
  const float scale = __uint_as_float((__float_as_uint(shifted) << 23) + 0x3f800000u);
  const float y = __fmul_rn(e_r, scale);
  return x > -87.f ? y : 0.f;
}

// The natural logarithm of a normal positive number, to 2 ulp.
DEV float ln_rn(float x) {
  const uint32_t bits = __float_as_uint(x) - 0x3f3504f3u;
  const float n = (float)((int)bits >> 23);
  const float m = __fsub_rn(__uint_as_float((bits & 0x007fffffu) + 0x3f3504f3u), 1.f);
  const float z = __fmul_rn(m, m);
  float p = 7.0376836e-2f;
  p = __fmaf_rn(p, m, -1.151461e-1f);
  p = __fmaf_rn(p, m, 1.1676999e-1f);
  p = __fmaf_rn(p, m, -1.2420141e-1f);
  p = __fmaf_rn(p, m, 1.4249323e-1f);
  p = __fmaf_rn(p, m, -1.6668058e-1f);
  p = __fmaf_rn(p, m, 2.0000715e-1f);
  p = __fmaf_rn(p, m, -2.4999994e-1f);
  p = __fmaf_rn(p, m, 0.3333333f);
  float y = __fmul_rn(__fmul_rn(p, m), z);
  y = __fmaf_rn(n, -2.1219444e-4f, y);
  y = __fmaf_rn(z, -0.5f, y);
  return __fmaf_rn(n, 0.6933594f, __fadd_rn(m, y));
}

// 1 / (1 + e^-x).
DEV float sigmoid_rn(float x) { return __fdiv_rn(1.f, __fadd_rn(1.f, exp_rn(-x))); }

// One block of Philox4x32-10 (Salmon et al., SC 2011), as crates/rng has it.
DEV uint4 philox(uint32_t k0, uint32_t k1, uint4 c) {
  UNROLL for (int i = 0; i < 10; i++) {
    const uint32_t hi0 = __umulhi(c.x, 0xd2511f53u), lo0 = c.x * 0xd2511f53u;
    const uint32_t hi1 = __umulhi(c.z, 0xcd9e8d57u), lo1 = c.z * 0xcd9e8d57u;
    c = make_uint4(hi1 ^ c.y ^ k0, lo1, hi0 ^ c.w ^ k1, lo0);
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  return c;
}

// Four words for a key at two coordinates of 64 bits.
DEV uint4 random_block(uint64_t key, uint64_t a, uint64_t b) {
  return philox((uint32_t)key, (uint32_t)(key >> 32),
                make_uint4((uint32_t)a, (uint32_t)(a >> 32), (uint32_t)b, (uint32_t)(b >> 32)));
}

// The open interval (0, 1): never 0, never 1.
DEV float open01(uint32_t word) {
  return __fmul_rn(__fadd_rn((float)(word >> 9), 0.5f), 1.f / 8388608.f);
}
