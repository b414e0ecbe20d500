// norm.cuh: the sum of squares that both forward norms share.
#pragma once
#include "prims.cuh"

// 1 / sqrt(mean(x^2) + eps) from a thread's part of the sum of squares.
DEV float rstd_of(float part_of_sum, float *part, int c, float eps) {
  const float sum = block_sum(part_of_sum, part);
  return __fdiv_rn(1.f, __fsqrt_rn(__fadd_rn(__fdiv_rn(sum, (float)c), eps)));
}

DEV float squares(float s, const Eight &e) {
  UNROLL for (int i = 0; i < 8; i++) s = __fmaf_rn(e.v[i], e.v[i], s);
  return s;
}

DEV Eight scaled(const Eight &x, float r, const Eight &w) {
  Eight y;
  UNROLL for (int i = 0; i < 8; i++) y.v[i] = __fmul_rn(__fmul_rn(x.v[i], r), w.v[i]);
  return y;
}
