// attention_decode.cu: attention_fwd for one query row per sequence
// Shapes   as attention_fwd, with one row in every sequence; H/K at most 16
// Layout   as attention_fwd; the heads that share a key head are the rows of one 16-row tile
// Launch   grid (K, S, 1), block (128,1,1), smem 8*64*D + 16*D*2 + 16*64*4 bytes
// Math     the operations of attention_fwd in the same order, hence its bits: warps share out
//          keys for the scores and channels for the output, never a sum
// Roofline bytes = 4*K*D per key; B=256 T=2048 K=8 D=128: 2.15 GB = 0.50 ms at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          attention_decode 694.3 (103 %)
// Oracle   testkit::kernels::attention (f64), budget E2; equals attention_fwd by bits
// Versions v1 two stages of cp.async (this)
#include "attention.cuh"

template<int D> DEV void decode(bf16 *out, float *lse, const bf16 *qkv, const bf16 *k_pages,
                                const bf16 *v_pages, const int *sequences, const int *page_list,
                                int n_heads, int n_kv, float scale_log2) {
  constexpr int PAIRS = D / 16, MINE = (PAIRS + 3) / 4; // pairs of 8 channels, and a warp's share
  DYN_SMEM(smem);
  bf16 *sk = (bf16 *)smem, *sv = sk + 2 * KEYS * D, *sq = sv + 2 * KEYS * D;
  float *scores = (float *)(sq + 16 * D);
  const Sequence seq = ((const Sequence *)sequences)[blockIdx.y];
  const int group = n_heads / n_kv, kv = blockIdx.x, n_keys = seq.start + 1;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, width = (n_heads + 2 * n_kv) * D;
  const int n_blocks = (n_keys + KEYS - 1) / KEYS;
  const int *pages = page_list + seq.pages;
  const bf16 *q_row = qkv + (int64_t)seq.row0 * width + kv * group * D;
  for (int i = threadIdx.x; i < 16 * D / 8; i += 128) {
    const int r = i / (D / 8), c = i % (D / 8);
    cp_async16(chunk<D>(sq, r, c), r < group ? q_row + r * D + c * 8 : q_row, r < group ? 16 : 0);
  }
  auto load = [&](int b) {
    if (b < n_blocks) {
      const int64_t at = ((int64_t)pages[b] * n_kv + kv) * KEYS * D;
      load_rows<D, 128>(sk + (b & 1) * KEYS * D, k_pages + at, D, n_keys - b * KEYS);
      load_rows<D, 128>(sv + (b & 1) * KEYS * D, v_pages + at, D, n_keys - b * KEYS);
    }
    cp_async_commit();
  };
  load(0);
  float acc[MINE][2][4] = {};
  Running run = {{-INF_F, -INF_F}, {0.f, 0.f}};
  for (int b = 0; b < n_blocks; b++) {
    load(b + 1);
    cp_async_wait<1>();
    __syncthreads();
    bf16 *k = sk + (b & 1) * KEYS * D, *v = sv + (b & 1) * KEYS * D;
    float mine[2][4] = {};
    UNROLL for (int i = 0; i < D / 16; i++) {
      uint32_t q[4], f[4];
      a_rows<D>(q, sq, 0, i * 2);
      b_rows<D>(f, k, warp * 16, i * 2);
      mma_bf16(mine[0], q, f[0], f[1]);
      mma_bf16(mine[1], q, f[2], f[3]);
    }
    // Fragments lie lane by lane, so that every warp takes them up as they were.
    UNROLL for (int j = 0; j < 2; j++) * (float4 *)(scores + ((warp * 2 + j) * 32 + lane) * 4) =
        make_float4(mine[j][0], mine[j][1], mine[j][2], mine[j][3]);
    __syncthreads();
    float s[8][4];
    UNROLL for (int j = 0; j < 8; j++) {
      const float4 f = *(const float4 *)(scores + (j * 32 + lane) * 4);
      s[j][0] = f.x, s[j][1] = f.y, s[j][2] = f.z, s[j][3] = f.w;
      UNROLL for (int e = 0; e < 4; e++) if (b * KEYS + j * 8 + (lane & 3) * 2 + (e & 1) >= n_keys)
          s[j][e] = -INF_F;
    }
    const float2 shrink = softmax_step(run, s, scale_log2);
    UNROLL for (int j = 0; j < MINE; j++) {
      shrink_rows(acc[j][0], shrink);
      shrink_rows(acc[j][1], shrink);
    }
    UNROLL for (int i = 0; i < 4; i++) {
      uint32_t p[4];
      weights(p, s, i);
      UNROLL for (int j = 0; j < MINE; j++) {
        if (warp * MINE + j >= PAIRS) continue;
        uint32_t f[4];
        b_columns<D>(f, v, i * 16, (warp * MINE + j) * 2);
        mma_bf16(acc[j][0], p, f[0], f[1]);
        mma_bf16(acc[j][1], p, f[2], f[3]);
      }
    }
    __syncthreads(); // before the next load overwrites these keys and values
  }
  cp_async_wait<0>();
  UNROLL for (int h = 0; h < 2; h++) {
    const int r = (lane >> 2) + h * 8;
    const float sum = total(run, h), inv = __fdiv_rn(1.f, sum);
    if (r >= group) continue;
    const int64_t at = (int64_t)seq.row0 * n_heads + kv * group + r;
    uint32_t *to = (uint32_t *)(out + at * D);
    UNROLL for (int j = 0; j < MINE; j++) {
      const int pair = warp * MINE + j;
      if (pair >= PAIRS) continue;
      UNROLL for (int i = 0; i < 2; i++) to[(pair * 2 + i) * 4 + (lane & 3)] =
          pack_bf16(__fmul_rn(acc[j][i][2 * h], inv), __fmul_rn(acc[j][i][2 * h + 1], inv));
    }
    if (warp == 0 && (lane & 3) == 0) lse[at] = log_sum_exp(run, h, sum, scale_log2);
  }
}

#define ATTENTION_DECODE(D)                                                                        \
  KERNEL __launch_bounds__(128) attention_decode_d##D(                                             \
      bf16 *out, float *lse, const bf16 *qkv, const bf16 *k_pages, const bf16 *v_pages,            \
      const int *sequences, const int *page_list, int n_heads, int n_kv, float scale_log2) {       \
    decode<D>(out, lse, qkv, k_pages, v_pages, sequences, page_list, n_heads, n_kv, scale_log2);   \
  }
ATTENTION_DECODE(32)
ATTENTION_DECODE(64)
ATTENTION_DECODE(128)
