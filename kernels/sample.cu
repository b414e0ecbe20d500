// sample.cu: token = argmax of logit / T + Gumbel noise among the survivors of top-k, top-p, min-p
// Shapes   logits [R,ld] f32; temperature, top_p, min_p [R] f32, top_k [R] i32, key, position [R]
//          u64; token [R] i32, logp, logp_cut [R] f32 (under the whole and the truncated law)
// Layout   row-major, V columns of ld; off are: top_k 0, top_p 1, min_p 0; temperature 0 is greedy
// Launch   grid (R,1,1), block (256,1,1), smem 0; one block per row
// Math     f32 with exp_rn, ln_rn, Philox4x32-10 at (key, position, token / 4): the draws of the
//          CPU engine; thresholds by radix selection with counts and masses in fixed point, no
//          sort; ties go to the lowest token; an odd row (inf, NaN) gives NaN
// Roofline bytes = 4RV; R=256 V=151936: 156 MB = 36 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          sample 848.7 (6 %), sample_cut 3908.1 (1 %)
// Oracle   a sort on the CPU, same survivors; the engine's draw; chi-square
// Versions v1 8 rounds of 4 bits, bins in registers (this)
#include "logits.cuh"

constexpr int BINS = 16;
constexpr int WARPS = ROW_THREADS / 32;

// Bits that compare as the numbers do; -0 and +0 are one number.
DEV uint32_t ordered(float x) {
  const uint32_t bits = __float_as_uint(__fadd_rn(x, 0.f));
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
DEV float from_ordered(uint32_t key) {
  return __uint_as_float(key >> 31 ? key & 0x7fffffffu : ~key);
}

struct Best {
  float score;
  int token;
};
DEV Best better(const Best &a, const Best &b) {
  return b.score > a.score || (b.score == a.score && b.token < a.token) ? b : a;
}
DEV Best warp_best(Best a) {
  UNROLL for (int o = 16; o; o >>= 1) {
    const Best b = {__shfl_xor_sync(ALL, a.score, o), __shfl_xor_sync(ALL, a.token, o)};
    a = better(a, b);
  }
  return a;
}
// The best of a block, for every thread; `scores` and `tokens` hold one per warp.
DEV Best block_best(Best a, float *scores, int *tokens) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  a = warp_best(a);
  if (lane == 0) scores[warp] = a.score, tokens[warp] = a.token;
  __syncthreads();
  a = lane < WARPS ? Best{scores[lane], tokens[lane]} : Best{-INF_F, 0x7fffffff};
  a = warp_best(a);
  __syncthreads();
  return a;
}

DEV uint64_t block_total(uint64_t x, uint64_t *part) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  UNROLL for (int o = 16; o; o >>= 1) x += __shfl_xor_sync(ALL, x, o);
  if (lane == 0) part[warp] = x;
  __syncthreads();
  x = 0;
  for (int i = 0; i < WARPS; i++) x += part[i];
  __syncthreads();
  return x;
}

struct Cut {
  const float *row;
  int v;
  float temperature, max; // of the whole law
  uint32_t lowest;        // what has been decided so far
};

// The mass of a token: 2^40 for the most probable one.
DEV uint64_t mass(const Cut &cut, float logit) {
  if (ordered(logit) < cut.lowest) return 0;
  return (uint64_t)__fmul_rn(exp_rn(shifted(logit, cut.temperature, cut.max)), 1099511627776.f);
}

// The largest key for which the weights of all logits at or above it reach `target`.
template<bool MASS> DEV uint32_t select(const Cut &cut, uint64_t target, uint64_t *part) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  uint32_t prefix = 0;
  uint64_t above = 0;
  for (int shift = 28; shift >= 0; shift -= 4) {
    uint64_t bins[BINS] = {};
    for (int i = threadIdx.x; i < cut.v; i += ROW_THREADS) {
      const uint32_t key = ordered(cut.row[i]);
      if (shift < 28 && key >> (shift + 4) != prefix >> (shift + 4)) continue;
      const uint64_t weight = MASS ? mass(cut, cut.row[i]) : 1;
      UNROLL for (int b = 0; b < BINS; b++) bins[b] += (int)(key >> shift & 15) == b ? weight : 0;
    }
    UNROLL for (int b = 0; b < BINS; b++) {
      UNROLL for (int o = 16; o; o >>= 1) bins[b] += __shfl_xor_sync(ALL, bins[b], o);
      if (lane == 0) part[b * WARPS + warp] = bins[b];
    }
    __syncthreads();
    int bin = BINS - 1;
    for (;; bin--) {
      uint64_t here = 0;
      for (int i = 0; i < WARPS; i++) here += part[bin * WARPS + i];
      if (bin == 0 || above + here >= target) break;
      above += here;
    }
    prefix |= (uint32_t)bin << shift;
    __syncthreads();
  }
  return prefix;
}

// The lowest logit that survives.
DEV float threshold(Cut cut, int top_k, float top_p, float min_p, float *scores, int *tokens,
                    uint64_t *part) {
  if (top_k > 0 && top_k < cut.v) cut.lowest = select<false>(cut, top_k, part);
  if (top_p < 1.f) {
    uint64_t sum = 0;
    for (int i = threadIdx.x; i < cut.v; i += ROW_THREADS) sum += mass(cut, cut.row[i]);
    const uint64_t all = block_total(sum, part);
    uint64_t target = (uint64_t)ceil((double)top_p * (double)all);
    target = target < 1 ? 1 : target > all ? all : target;
    cut.lowest = max(cut.lowest, select<true>(cut, target, part));
  }
  if (min_p > 0.f) {
    float floor = INF_F;
    for (int i = threadIdx.x; i < cut.v; i += ROW_THREADS)
      if (exp_rn(shifted(cut.row[i], cut.temperature, cut.max)) >= min_p)
        floor = fminf(floor, cut.row[i]);
    const Best least = block_best({-floor, 0}, scores, tokens);
    cut.lowest = max(cut.lowest, ordered(-least.score));
  }
  return from_ordered(cut.lowest);
}

DEV float gumbel(uint32_t word) { return -ln_rn(-ln_rn(open01(word))); }

// The token with the largest logit / T + g at or above `lowest`. A token that even the largest g
// (ln 2^24 = 16.64) would not lift above the best so far is passed over, which changes nothing.
DEV Best draw(const Cut &cut, float lowest, uint64_t key, uint64_t position) {
  Best best = {-INF_F, 0x7fffffff};
  for (int group = threadIdx.x; group * 4 < cut.v; group += ROW_THREADS) {
    bool hopeful = false;
    for (int i = group * 4; i < min(group * 4 + 4, cut.v); i++)
      hopeful |= cut.row[i] >= lowest &&
                 __fadd_rn(__fdiv_rn(cut.row[i], cut.temperature), 16.7f) >= best.score;
    if (!hopeful) continue;
    const uint4 words = random_block(key, position, group);
    for (int i = group * 4; i < min(group * 4 + 4, cut.v); i++) {
      const int w = i & 3;
      const uint32_t word = w == 0 ? words.x : w == 1 ? words.y : w == 2 ? words.z : words.w;
      if (cut.row[i] < lowest) continue;
      best = better(best, {__fadd_rn(__fdiv_rn(cut.row[i], cut.temperature), gumbel(word)), i});
    }
  }
  return best;
}

KERNEL __launch_bounds__(256, 1)
    sample(int *token, float *logp, float *logp_cut, const float *logits, const float *temperature,
           const int *top_k, const float *top_p, const float *min_p, const uint64_t *key,
           const uint64_t *position, int v, int ld) {
  SHARED(float, part, PARTS);
  SHARED(float, scores, WARPS);
  SHARED(int, tokens, WARPS);
  SHARED(uint64_t, wide, BINS *WARPS);
  const int r = blockIdx.x;
  const float *row = logits + (int64_t)r * ld;
  Best top = {-INF_F, 0x7fffffff};
  uint64_t n_odd = 0;
  for (int i = threadIdx.x; i < v; i += ROW_THREADS) {
    n_odd += !(fabsf(row[i]) < INF_F);
    top = better(top, {row[i], i});
  }
  n_odd = block_total(n_odd, wide);
  top = block_best(top, scores, tokens);
  const float highest = top.score;
  if (n_odd) {
    if (threadIdx.x == 0) token[r] = 0, logp[r] = logp_cut[r] = NAN_F;
    return;
  }
  const bool greedy = temperature[r] == 0.f;
  const float t = greedy ? 1.f : temperature[r];
  const Law law = law_of(row, v, t, highest, -INF_F, part);
  float lowest = -INF_F, cut_logp = 0.f;
  if (!greedy) {
    const Cut cut = {row, v, t, law.max, 0};
    if (top_k[r] > 0 || top_p[r] < 1.f || min_p[r] > 0.f)
      lowest = threshold(cut, top_k[r], top_p[r], min_p[r], scores, tokens, wide);
    top = block_best(draw(cut, lowest, key[r], position[r]), scores, tokens);
    const Law survivors = law_of(row, v, t, highest, lowest, part + 64);
    cut_logp = logp_of(survivors, row[top.token]);
  }
  if (threadIdx.x) return;
  token[r] = top.token;
  logp[r] = logp_of(law, row[top.token]);
  logp_cut[r] = cut_logp;
}
