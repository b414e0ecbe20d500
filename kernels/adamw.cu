// adamw.cu: m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; w = keep w - step m / (sqrt(v) corr + eps)
// Shapes   w, grad, m, v [n] f32, w16 [n] bf16 (a copy for the products) or null, clip [2] f32
//          (norm, factor on g)
// Layout   contiguous, 16-byte aligned
// Launch   grid (ceil(n/1024),1,1), block (256,1,1), smem 0; 4 elements per thread
// Math     f32, each operation rounded on its own: the bits of crates/cpu (`adam`)
// Roofline bytes = 30n; n=1.7e9: 51 GB = 11.9 ms at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          adamw 3123.4 (99 %)
// Oracle   testkit::kernels::adamw (f64), budget E2
// Versions v1 16-byte accesses (this)
#include "prims.cuh"

struct Step {
  float b1, b2, step_size, inv_sqrt_correction, eps, keep;
};

DEV float step_one(const Step &s, float w, float g, float &m, float &v) {
  m = __fadd_rn(__fmul_rn(s.b1, m), __fmul_rn(__fsub_rn(1.f, s.b1), g));
  v = __fadd_rn(__fmul_rn(s.b2, v), __fmul_rn(__fsub_rn(1.f, s.b2), __fmul_rn(g, g)));
  const float root = __fadd_rn(__fmul_rn(__fsqrt_rn(v), s.inv_sqrt_correction), s.eps);
  return __fsub_rn(__fmul_rn(s.keep, w), __fmul_rn(s.step_size, __fdiv_rn(m, root)));
}

KERNEL __launch_bounds__(256)
    adamw(float *w, bf16 *w16, float *m, float *v, const float *grad, const float *clip, int64_t n,
          float b1, float b2, float step_size, float inv_sqrt_correction, float eps, float keep) {
  const int64_t i = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) * 4;
  const Step s = {b1, b2, step_size, inv_sqrt_correction, eps, keep};
  const float factor = clip[1];
  if (i + 4 <= n) {
    float4 a = *(float4 *)(w + i), mm = *(float4 *)(m + i), vv = *(float4 *)(v + i);
    const float4 g = *(const float4 *)(grad + i);
    a.x = step_one(s, a.x, __fmul_rn(g.x, factor), mm.x, vv.x);
    a.y = step_one(s, a.y, __fmul_rn(g.y, factor), mm.y, vv.y);
    a.z = step_one(s, a.z, __fmul_rn(g.z, factor), mm.z, vv.z);
    a.w = step_one(s, a.w, __fmul_rn(g.w, factor), mm.w, vv.w);
    *(float4 *)(w + i) = a;
    *(float4 *)(m + i) = mm;
    *(float4 *)(v + i) = vv;
    if (w16) *(uint2 *)(w16 + i) = {pack_bf16(a.x, a.y), pack_bf16(a.z, a.w)};
  } else {
    for (int64_t j = i; j < n; j++) {
      w[j] = step_one(s, w[j], __fmul_rn(grad[j], factor), m[j], v[j]);
      if (w16) w16[j] = to_bf16(w[j]);
    }
  }
}
