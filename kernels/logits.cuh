// logits.cuh: the law of a row of logits. The trainer's log-probability and the sampler's are
// this one function of the same row, hence the same bits.
#pragma once
#include "math.cuh"

constexpr int ROW_THREADS = 256;
constexpr int PARTS = 160; // floats of shared memory that the sums of a row pass through

// With z = logits / T - max(logits / T): log p = z - ln_sum, H = ln_sum - sum(e^z z) / sum(e^z).
struct Law {
  float temperature, max, ln_sum, entropy;
};

DEV float shifted(float logit, float temperature, float max) {
  return __fsub_rn(__fdiv_rn(logit, temperature), max);
}

DEV float logp_of(const Law &law, float logit) {
  return __fsub_rn(shifted(logit, law.temperature, law.max), law.ln_sum);
}

// Over the logits at or above `lowest`; `top` is the largest of all.
DEV Law law_of(const float *row, int v, float temperature, float top, float lowest, float *part) {
  const float max = __fdiv_rn(top, temperature);
  float sum = 0.f, weighted = 0.f;
  for (int i = threadIdx.x; i < v; i += ROW_THREADS) {
    const float z = shifted(row[i], temperature, max), e = row[i] >= lowest ? exp_rn(z) : 0.f;
    sum = __fadd_rn(sum, e);
    weighted = __fadd_rn(weighted, e > 0.f ? __fmul_rn(e, z) : 0.f);
  }
  sum = block_sum(sum, part);
  weighted = block_sum(weighted, part + 32);
  const float ln_sum = ln_rn(sum);
  return {temperature, max, ln_sum, __fsub_rn(ln_sum, __fdiv_rn(weighted, sum))};
}

DEV float row_max(const float *row, int v, float *part) {
  float m = -INF_F;
  for (int i = threadIdx.x; i < v; i += ROW_THREADS) m = fmaxf(m, row[i]);
  return block_max(m, part);
}

DEV Law whole_law(const float *row, int v, float temperature, float *part) {
  return law_of(row, v, temperature, row_max(row, v, part + 64), -INF_F, part);
}

// The gradient of dlogp log p[target] + dentropy H by logit j.
DEV float dlogit(const Law &law, float logit, bool target, float dlogp, float dentropy) {
  const float log_p = logp_of(law, logit), p = exp_rn(log_p);
  const float spread = p > 0.f ? p * (log_p + law.entropy) : 0.f;
  return ((target ? dlogp : 0.f) - dlogp * p - dentropy * spread) / law.temperature;
}
