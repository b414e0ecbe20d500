// policy_loss.cu: clipped policy-gradient loss of a chunk of logits, and its gradient by them
// Shapes   logits [R,ld] f32, dlogits [R,ld_out] bf16, target [R] i32, logp_old, logp_trainer (or
//          null: logp itself), logp_ref (or null), advantage, scale [R] f32, logp, entropy [R] f32,
//          stats [R,4] f32 (scaled loss, ratio, clipped, kl)
// Layout   row-major, V columns of ld and ld_out
// Launch   grid (R,1,1), block (256,1,1), smem 0; one block per row
// Math     f32; the loss of crates/objective: ratio clip, dual clip (0: off), truncated importance
//          sampling (cap 0: off), entropy bonus, KL estimates k1, k2, k3 (0: off); log-ratios kept
//          within 20
// Roofline bytes = 6RV; R=4096 V=151936: 3.73 GB = 868 us at 4.3 TB/s
// Measured not measured
// Oracle   objective::policy_loss and testkit::kernels::head_bwd (f64), budget E2
// Versions v1 three passes over a row (this)
#include "logits.cuh"

DEV float bounded_exp(float gap) {
  const float bound = 20.f;
  return exp_rn(fminf(fmaxf(gap, -bound), bound));
}

struct Surrogate {
  float loss, dlogp, ratio, clipped;
};

DEV Surrogate surrogate(float gap, float advantage, float low, float high, float dual) {
  const float ratio = bounded_exp(gap);
  const float plain = -advantage * ratio, at_bound = -advantage * fminf(fmaxf(ratio, low), high);
  bool clipped = plain < at_bound;
  float loss = clipped ? at_bound : plain;
  if (dual > 0.f && advantage < 0.f && loss > -advantage * dual) {
    clipped = true;
    loss = -advantage * dual;
  }
  const bool constant = clipped || fabsf(gap) > 20.f;
  return {loss, constant ? 0.f : plain, ratio, clipped ? 1.f : 0.f};
}

// The estimate of KL(pi, reference) of one sample and its slope, for d = log ref - log pi.
DEV float2 divergence(int kind, float d) {
  if (kind == 1) return make_float2(-d, 1.f);
  if (kind == 2) return make_float2(0.5f * d * d, -d);
  const float bound = 20.f, b = fminf(fmaxf(d, -bound), bound), e = exp_rn(b);
  return make_float2(e - b - 1.f, b == d ? 1.f - e : 0.f);
}

KERNEL __launch_bounds__(256)
    policy_loss(bf16 *dlogits, float *logp, float *entropy, float *stats, const float *logits,
                const int *target, const float *logp_old, const float *logp_trainer,
                const float *logp_ref, const float *advantage, const float *scale, int v, int ld,
                int ld_out, float temperature, float clip_low, float clip_high, float dual_clip,
                float entropy_coef, float negative_weight, int kl_kind, float kl_coef,
                float tis_cap) {
  SHARED(float, part, PARTS);
  const int64_t r = blockIdx.x;
  const float *row = logits + r * ld;
  const Law law = whole_law(row, v, temperature, part);
  const float lp = logp_of(law, row[target[r]]),
              weight = advantage[r] < 0.f ? negative_weight : 1.f;
  float old = logp_old[r], tis = 1.f;
  if (tis_cap > 0.f) {
    const float sampler = old;
    old = logp_trainer ? logp_trainer[r] : lp;
    tis = bounded_exp(old - sampler);
    tis = tis > tis_cap ? tis_cap : tis;
  }
  const Surrogate s = surrogate(lp - old, weight * advantage[r], 1.f - clip_low,
                                1.f + clip_high, dual_clip);
  float loss = tis * s.loss - entropy_coef * law.entropy, dlogp = tis * s.dlogp, kl = 0.f;
  if (kl_kind) {
    const float2 estimate = divergence(kl_kind, logp_ref[r] - lp);
    kl = estimate.x;
    loss += kl_coef * estimate.x;
    dlogp += kl_coef * estimate.y;
  }
  const float dlogp_scaled = scale[r] * dlogp, dentropy = -scale[r] * entropy_coef;
  if (threadIdx.x == 0) {
    logp[r] = lp;
    entropy[r] = law.entropy;
    *(float4 *)(stats + r * 4) = make_float4(scale[r] * loss, s.ratio, s.clipped, kl);
  }
  for (int i = threadIdx.x; i < v; i += ROW_THREADS)
    dlogits[r * ld_out + i] = to_bf16(dlogit(law, row[i], i == target[r], dlogp_scaled, dentropy));
}
