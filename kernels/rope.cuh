// rope.cuh: one rotation, both ways.
#pragma once
#include "prims.cuh"

// Rotates the pairs (u_i, v_i) by the angles of (cos, sin); sign -1 turns back.
DEV void rotate(Eight &u, Eight &v, const float *cos, const float *sin, float sign) {
  UNROLL for (int e = 0; e < 8; e++) {
    const float c = cos[e], s = sign * sin[e], a = u.v[e], b = v.v[e];
    u.v[e] = __fmaf_rn(a, c, -__fmul_rn(b, s));
    v.v[e] = __fmaf_rn(b, c, __fmul_rn(a, s));
  }
}
