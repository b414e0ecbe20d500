// attention_fwd.cu: out = softmax(q k^T D^-1/2, causal) v over pages, grouped queries, any lengths
// Shapes   qkv [R,(H+2K)*D] bf16 (q is read), k_pages, v_pages [pages,K,64,D] bf16,
//          sequences [S,4] i32 (row0, rows, start, first of page_list), out [R,H*D] bf16,
//          lse [R,H] f32
// Layout   row-major, 16-byte aligned, D in 32, 64, 128; a tile's row is a position and one of
//          the heads that share a key head
// Launch   grid (ceil(max rows*H/K/64), K, S), block (128,1,1), smem 10*64*D bytes
// Math     scores and sums in f32, weights rounded to bf16; key blocks of 64, ascending: a row's
//          bits depend on its own sequence alone, and equal those of attention_decode
// Roofline 2*2*H*D*(T^2/2) FLOP per sequence; 4x4096 H=16 D=128: 275 GFLOP = 349 us
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          attention_fwd 1394.6 (25 %)
// Oracle   testkit::kernels::attention (f64), budget E2
// Versions v1 mma.sync, two stages of cp.async (this)
#include "attention.cuh"

template<int D> DEV void forward(bf16 *out, float *lse, const bf16 *qkv, const bf16 *k_pages,
                                 const bf16 *v_pages, const int *sequences, const int *page_list,
                                 int n_heads, int n_kv, float scale_log2) {
  DYN_SMEM(smem);
  bf16 *sq = (bf16 *)smem, *sk = sq + KEYS * D, *sv = sk + 2 * KEYS * D;
  const Sequence seq = ((const Sequence *)sequences)[blockIdx.z];
  const int group = n_heads / n_kv, kv = blockIdx.y, n_tile_rows = seq.n_rows * group;
  const int m0 = (gridDim.x - 1 - blockIdx.x) * 64; // the longest rows first
  if (m0 >= n_tile_rows) return;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, width = (n_heads + 2 * n_kv) * D;
  const int *pages = page_list + seq.pages;
  for (int i = threadIdx.x; i < 64 * D / 8; i += 128) {
    const int r = i / (D / 8), c = i % (D / 8), m = min(m0 + r, n_tile_rows - 1);
    const bf16 *q = qkv + (int64_t)(seq.row0 + m / group) * width + (kv * group + m % group) * D;
    cp_async16(chunk<D>(sq, r, c), q + c * 8, m0 + r < n_tile_rows ? 16 : 0);
  }
  const int last = min(m0 + 63, n_tile_rows - 1) / group + seq.start; // the last position seen
  const int n_keys = last + 1, n_blocks = last / KEYS + 1;
  auto page = [&](const bf16 *x, int b) { return x + ((int64_t)pages[b] * n_kv + kv) * KEYS * D; };
  load_rows<D, 128>(sk, page(k_pages, 0), D, n_keys);
  cp_async_commit();
  load_rows<D, 128>(sv, page(v_pages, 0), D, n_keys);
  cp_async_commit();
  float acc[D / 8][4] = {};
  Running run = {{-INF_F, -INF_F}, {0.f, 0.f}};
  uint32_t q[D / 16][4];
  for (int b = 0; b < n_blocks; b++) {
    bf16 *k = sk + (b & 1) * KEYS * D, *v = sv + (b & 1) * KEYS * D;
    cp_async_wait<1>(); // keys have landed, values may be on their way
    __syncthreads();
    if (b == 0) UNROLL for (int i = 0; i < D / 16; i++) a_rows<D>(q[i], sq, warp * 16, i * 2);
    float s[8][4] = {};
    UNROLL for (int i = 0; i < D / 16; i++) UNROLL for (int j = 0; j < 4; j++) {
      uint32_t f[4];
      b_rows<D>(f, k, j * 16, i * 2);
      mma_bf16(s[2 * j], q[i], f[0], f[1]);
      mma_bf16(s[2 * j + 1], q[i], f[2], f[3]);
    }
    if (b + 1 < n_blocks)
      load_rows<D, 128>(sk + ((b + 1) & 1) * KEYS * D, page(k_pages, b + 1), D,
                        n_keys - (b + 1) * KEYS);
    cp_async_commit();
    if (b * KEYS + KEYS - 1 > m0 / group + seq.start) // only blocks that some row must not see
      UNROLL for (int j = 0; j < 8; j++) UNROLL for (int e = 0; e < 4; e++) {
        const int key = b * KEYS + j * 8 + (lane & 3) * 2 + (e & 1);
        const int m = m0 + warp * 16 + (lane >> 2) + (e >> 1) * 8;
        if (key > m / group + seq.start) s[j][e] = -INF_F;
      }
    const float2 shrink = softmax_step(run, s, scale_log2);
    UNROLL for (int j = 0; j < D / 8; j++) shrink_rows(acc[j], shrink);
    cp_async_wait<1>(); // values have landed
    __syncthreads();
    UNROLL for (int i = 0; i < 4; i++) {
      uint32_t p[4];
      weights(p, s, i);
      UNROLL for (int j = 0; j < D / 16; j++) {
        uint32_t f[4];
        b_columns<D>(f, v, i * 16, j * 2);
        mma_bf16(acc[2 * j], p, f[0], f[1]);
        mma_bf16(acc[2 * j + 1], p, f[2], f[3]);
      }
    }
    if (b + 1 < n_blocks)
      load_rows<D, 128>(sv + ((b + 1) & 1) * KEYS * D, page(v_pages, b + 1), D,
                        n_keys - (b + 1) * KEYS);
    cp_async_commit();
  }
  cp_async_wait<0>();
  UNROLL for (int h = 0; h < 2; h++) {
    const int m = m0 + warp * 16 + (lane >> 2) + h * 8;
    const float sum = total(run, h), inv = __fdiv_rn(1.f, sum);
    if (m >= n_tile_rows) continue;
    const int64_t row = seq.row0 + m / group;
    const int head = kv * group + m % group;
    uint32_t *to = (uint32_t *)(out + (row * n_heads + head) * D);
    UNROLL for (int j = 0; j < D / 8; j++) to[j * 4 + (lane & 3)] =
        pack_bf16(__fmul_rn(acc[j][2 * h], inv), __fmul_rn(acc[j][2 * h + 1], inv));
    if ((lane & 3) == 0) lse[row * n_heads + head] = log_sum_exp(run, h, sum, scale_log2);
  }
}

#define ATTENTION_FWD(D)                                                                           \
  KERNEL __launch_bounds__(128) attention_fwd_d##D(                                                \
      bf16 *out, float *lse, const bf16 *qkv, const bf16 *k_pages, const bf16 *v_pages,            \
      const int *sequences, const int *page_list, int n_heads, int n_kv, float scale_log2) {       \
    forward<D>(out, lse, qkv, k_pages, v_pages, sequences, page_list, n_heads, n_kv, scale_log2);  \
  }
ATTENTION_FWD(32)
ATTENTION_FWD(64)
ATTENTION_FWD(128)
