// attention.cuh: what the attention kernels share: tiles of 64 keys in ascending order, and one
// step of the online softmax, written so that prompts, training and decoding give the same bits.
#pragma once
#include "tile.cuh"

constexpr int KEYS = 64; // keys in a block, and places in a page

// A sequence of queries: rows row0.. of the packed rows, at positions start.. of the sequence,
// whose pages are page_list[pages..].
struct Sequence {
  int row0, n_rows, start, pages;
};

// Copies 64 rows of D elements, `stride` apart; rows from `n` on become zeros.
template<int D, int THREADS> DEV void load_rows(bf16 *tile, const bf16 *x, int64_t stride, int n) {
  UNROLL for (int i = threadIdx.x; i < KEYS * D / 8; i += THREADS) {
    const int r = i / (D / 8), c = i % (D / 8);
    cp_async16(chunk<D>(tile, r, c), r < n ? x + r * stride + c * 8 : x, r < n ? 16 : 0);
  }
}

// The softmax of two rows of a 16-row tile, as far as it has come. A thread holds a quarter of
// the sums.
struct Running {
  float max[2], sum[2];
};

// Takes the scores of 64 more keys: turns them into weights and returns by how much what has been
// summed up so far shrinks.
DEV float2 softmax_step(Running &run, float (&s)[8][4], float scale_log2) {
  float shrink[2];
  UNROLL for (int h = 0; h < 2; h++) {
    float m = run.max[h];
    UNROLL for (int j = 0; j < 8; j++) m = fmaxf(m, fmaxf(s[j][2 * h], s[j][2 * h + 1]));
    m = fmaxf(m, __shfl_xor_sync(ALL, m, 1));
    m = fmaxf(m, __shfl_xor_sync(ALL, m, 2));
    const float shift = m == -INF_F ? 0.f : __fmul_rn(m, scale_log2);
    // Exactly 1 where the maximum stays: keys that a row does not see must leave no trace.
    shrink[h] = run.max[h] == m ? 1.f : ex2(__fmul_rn(__fsub_rn(run.max[h], m), scale_log2));
    float sum = 0.f;
    UNROLL for (int j = 0; j < 8; j++) UNROLL for (int e = 0; e < 2; e++) {
      const float p = ex2(__fmaf_rn(s[j][2 * h + e], scale_log2, -shift));
      s[j][2 * h + e] = p;
      sum = __fadd_rn(sum, p);
    }
    run.max[h] = m;
    run.sum[h] = __fmaf_rn(run.sum[h], shrink[h], sum);
  }
  return make_float2(shrink[0], shrink[1]);
}

// The whole sum of row `h`.
DEV float total(const Running &run, int h) {
  float s = __fadd_rn(run.sum[h], __shfl_xor_sync(ALL, run.sum[h], 1));
  return __fadd_rn(s, __shfl_xor_sync(ALL, s, 2));
}

// max + ln sum, the natural logarithm of the sum of e^(score * scale).
DEV float log_sum_exp(const Running &run, int h, float sum, float scale_log2) {
  return __fmul_rn(__fmaf_rn(run.max[h], scale_log2, lg2(sum)), 0.69314718056f);
}

// Two tiles of scores as the A operand of the next product: 16 rows, keys 16i..16i+16.
DEV void weights(uint32_t (&a)[4], const float (&s)[8][4], int i) {
  a[0] = pack_bf16(s[2 * i][0], s[2 * i][1]);
  a[1] = pack_bf16(s[2 * i][2], s[2 * i][3]);
  a[2] = pack_bf16(s[2 * i + 1][0], s[2 * i + 1][1]);
  a[3] = pack_bf16(s[2 * i + 1][2], s[2 * i + 1][3]);
}

DEV void shrink_rows(float (&acc)[4], const float2 &by) {
  acc[0] = __fmul_rn(acc[0], by.x);
  acc[1] = __fmul_rn(acc[1], by.x);
  acc[2] = __fmul_rn(acc[2], by.y);
  acc[3] = __fmul_rn(acc[3], by.y);
}
