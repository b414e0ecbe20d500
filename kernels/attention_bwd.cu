// attention_bwd.cu: gradients of q, k, v from that of the output of attention_fwd
// Shapes   qkv, dqkv [R,(H+2K)*D] bf16, out, dout [R,H*D] bf16, lse, delta [R,H] f32,
//          pieces [S,5] i32 (row0, rows, prefix row0, prefix rows, branch rows): a piece sees its
//          prefix and itself; its branches are the rows right behind it, which see all of it
// Layout   row-major, 16-byte aligned, D in 32, 64, 128; k and v are those of qkv, rotated
// Launch   delta: grid (ceil(R*H/4),1,1), block 128; dkdv: grid (ceil(max rows/64), K, S), block
//          128, smem 8*64*D + 512; dq: grid (ceil(max rows/64), H, S), block 128, smem 8*64*D
// Math     P = exp(s - lse); dS = P (dout v^T - delta), delta = sum(dout out); dv = P^T dout,
//          dk = dS^T q, dq = dS k; sums in f32, P and dS rounded to bf16; a block owns what it
//          writes and runs over heads and rows in order: repeatable, no atomics
// Roofline 5 products of 2*H*D*T^2/2 FLOP; 4x4096 H=16 D=128: 687 GFLOP = 872 us
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          attention_bwd 3914.8 (23 %)
// Oracle   testkit::kernels::attention_bwd (f64), budget E2; finite differences of attention
// Versions v1 mma.sync, scores computed twice, 7 products (this)
#include "attention.cuh"

// A run of packed rows: a sequence, or a branch that goes on from another run.
struct Piece {
  int row0, n_rows, prefix_row0, n_prefix, n_branch_rows;
};

KERNEL __launch_bounds__(128)
    attention_bwd_delta(float *delta, const bf16 *out, const bf16 *dout, int n, int d) {
  const int i = blockIdx.x * 4 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (i >= n) return;
  float s = 0.f;
  for (int c = lane; c < d / 2; c += 32) {
    const uint32_t a = ((const uint32_t *)(out + (int64_t)i * d))[c];
    const uint32_t b = ((const uint32_t *)(dout + (int64_t)i * d))[c];
    s += low(a) * low(b) + high(a) * high(b);
  }
  s = warp_sum(s);
  if (lane == 0) delta[i] = s;
}

// Two products of 16 rows of a tile with 64 rows of another, both along D.
template<int D> DEV void scores(float (&s)[8][4], bf16 *rows, bf16 *columns, int r0) {
  UNROLL for (int i = 0; i < D / 16; i++) {
    uint32_t a[4];
    a_rows<D>(a, rows, r0, i * 2);
    UNROLL for (int j = 0; j < 4; j++) {
      uint32_t f[4];
      b_rows<D>(f, columns, j * 16, i * 2);
      mma_bf16(s[2 * j], a, f[0], f[1]);
      mma_bf16(s[2 * j + 1], a, f[2], f[3]);
    }
  }
}

// acc [16,D] += s [16,64] tile [64,D].
template<int D> DEV void add_product(float (&acc)[D / 8][4], const float (&s)[8][4], bf16 *tile) {
  UNROLL for (int i = 0; i < 4; i++) {
    uint32_t p[4];
    weights(p, s, i);
    UNROLL for (int j = 0; j < D / 16; j++) {
      uint32_t f[4];
      b_columns<D>(f, tile, i * 16, j * 2);
      mma_bf16(acc[2 * j], p, f[0], f[1]);
      mma_bf16(acc[2 * j + 1], p, f[2], f[3]);
    }
  }
}

template<int D>
DEV void store_rows(bf16 *x, int64_t stride, const float (&acc)[D / 8][4], int r0, int n) {
  const int lane = threadIdx.x & 31;
  UNROLL for (int h = 0; h < 2; h++) {
    const int r = r0 + (lane >> 2) + h * 8;
    if (r >= n) continue;
    uint32_t *to = (uint32_t *)(x + r * stride);
    UNROLL for (int j = 0; j < D / 8; j++) to[j * 4 + (lane & 3)] =
        pack_bf16(acc[j][2 * h], acc[j][2 * h + 1]);
  }
}

template<int D> DEV void backward_kv(bf16 *dqkv, const bf16 *qkv, const bf16 *dout,
                                     const float *lse, const float *delta, const int *pieces,
                                     int n_heads, int n_kv, float scale) {
  DYN_SMEM(smem);
  bf16 *sk = (bf16 *)smem, *sv = sk + KEYS * D, *sq = sv + KEYS * D, *sd = sq + KEYS * D;
  float *s_lse = (float *)(sd + KEYS * D), *s_delta = s_lse + 64;
  const Piece seq = ((const Piece *)pieces)[blockIdx.z];
  const int k0 = blockIdx.x * KEYS, kv = blockIdx.y, group = n_heads / n_kv;
  if (k0 >= seq.n_rows) return;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, width = (n_heads + 2 * n_kv) * D;
  const int64_t row0 = seq.row0;
  const int n_seeing = seq.n_rows + seq.n_branch_rows; // branches lie right behind
  const bf16 *keys = qkv + (row0 + k0) * width + (n_heads + kv) * D;
  load_rows<D, 128>(sk, keys, width, seq.n_rows - k0);
  load_rows<D, 128>(sv, keys + n_kv * D, width, seq.n_rows - k0);
  float dk[D / 8][4] = {}, dv[D / 8][4] = {};
  for (int head = kv * group; head < (kv + 1) * group; head++)
    for (int q0 = k0; q0 < n_seeing; q0 += 64) {
      const int n = n_seeing - q0;
      __syncthreads(); // all have done with the last rows
      load_rows<D, 128>(sq, qkv + (row0 + q0) * width + head * D, width, n);
      load_rows<D, 128>(sd, dout + ((row0 + q0) * n_heads + head) * D, (int64_t)n_heads * D, n);
      cp_async_commit();
      if (threadIdx.x < 64) {
        const int64_t at = (row0 + q0 + threadIdx.x) * n_heads + head;
        s_lse[threadIdx.x] = (int)threadIdx.x < n ? lse[at] * 1.44269504089f : 0.f;
        s_delta[threadIdx.x] = (int)threadIdx.x < n ? delta[at] : 0.f;
      }
      cp_async_wait<0>();
      __syncthreads();
      float p[8][4] = {}, ds[8][4] = {}; // rows are keys, columns are queries
      scores<D>(p, sk, sq, warp * 16);
      scores<D>(ds, sv, sd, warp * 16);
      UNROLL for (int j = 0; j < 8; j++) UNROLL for (int e = 0; e < 4; e++) {
        const int key = k0 - q0 + warp * 16 + (lane >> 2) + (e >> 1) * 8;
        const int i = j * 8 + (lane & 3) * 2 + (e & 1);
        // Rows behind the last are zeros, gradient and all, and add nothing.
        p[j][e] = key <= i ? ex2(p[j][e] * scale * 1.44269504089f - s_lse[i]) : 0.f;
        ds[j][e] = p[j][e] * (ds[j][e] - s_delta[i]) * scale;
      }
      add_product<D>(dv, p, sd);
      add_product<D>(dk, ds, sq);
    }
  bf16 *to = dqkv + (row0 + k0) * width + (n_heads + kv) * D;
  const int n_keys = ((const Piece *)pieces)[blockIdx.z].n_rows - k0; // read again: registers
  store_rows<D>(to, width, dk, warp * 16, n_keys);
  store_rows<D>(to + n_kv * D, width, dv, warp * 16, n_keys);
}

template<int D> DEV void backward_q(bf16 *dqkv, const bf16 *qkv, const bf16 *dout, const float *lse,
                                    const float *delta, const int *pieces, int n_heads, int n_kv,
                                    float scale) {
  DYN_SMEM(smem);
  bf16 *sq = (bf16 *)smem, *sd = sq + KEYS * D, *sk = sd + KEYS * D, *sv = sk + KEYS * D;
  const Piece seq = ((const Piece *)pieces)[blockIdx.z];
  const int q0 = (gridDim.x - 1 - blockIdx.x) * 64, head = blockIdx.y;
  if (q0 >= seq.n_rows) return;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, width = (n_heads + 2 * n_kv) * D;
  const int kv = head / (n_heads / n_kv);
  const int64_t row0 = seq.row0;
  load_rows<D, 128>(sq, qkv + (row0 + q0) * width + head * D, width, seq.n_rows - q0);
  load_rows<D, 128>(sd, dout + ((row0 + q0) * n_heads + head) * D, (int64_t)n_heads * D,
                    seq.n_rows - q0);
  float row_lse[2], row_delta[2];
  UNROLL for (int h = 0; h < 2; h++) {
    const int r = q0 + warp * 16 + (lane >> 2) + h * 8;
    const int64_t at = (row0 + r) * n_heads + head;
    row_lse[h] = r < seq.n_rows ? lse[at] * 1.44269504089f : 0.f;
    row_delta[h] = r < seq.n_rows ? delta[at] : 0.f;
  }
  float dq[D / 8][4] = {};
  const int n_prefix_blocks = (seq.n_prefix + KEYS - 1) / KEYS; // the prefix, then the piece itself
  for (int b = 0; b <= n_prefix_blocks + q0 / KEYS; b++) {
    const bool own = b >= n_prefix_blocks;
    const int k0 = (own ? b - n_prefix_blocks : b) * KEYS;
    const int n_keys = (own ? seq.n_rows : seq.n_prefix) - k0;
    const bf16 *keys =
        qkv + ((own ? row0 : seq.prefix_row0) + k0) * width + (n_heads + kv) * D;
    __syncthreads(); // all have done with the last keys
    load_rows<D, 128>(sk, keys, width, n_keys);
    load_rows<D, 128>(sv, keys + n_kv * D, width, n_keys);
    cp_async_commit();
    cp_async_wait<0>();
    __syncthreads();
    float p[8][4] = {}, ds[8][4] = {};
    scores<D>(p, sq, sk, warp * 16);
    scores<D>(ds, sd, sv, warp * 16);
    UNROLL for (int j = 0; j < 8; j++) UNROLL for (int e = 0; e < 4; e++) {
      const int key = j * 8 + (lane & 3) * 2 + (e & 1), h = e >> 1;
      const int r = q0 - k0 + warp * 16 + (lane >> 2) + h * 8; // behind the last: not stored
      const bool seen = own ? key <= r : key < n_keys;
      const float w = seen ? ex2(p[j][e] * scale * 1.44269504089f - row_lse[h]) : 0.f;
      ds[j][e] = w * (ds[j][e] - row_delta[h]) * scale;
    }
    add_product<D>(dq, ds, sk);
  }
  store_rows<D>(dqkv + (row0 + q0) * width + head * D, width, dq, warp * 16, seq.n_rows - q0);
}

#define ATTENTION_BWD(D)                                                                           \
  KERNEL __launch_bounds__(128, 2) attention_bwd_dkdv_d##D(                                        \
      bf16 *dqkv, const bf16 *qkv, const bf16 *dout, const float *lse, const float *delta,         \
      const int *pieces, int n_heads, int n_kv, float scale) {                                  \
    backward_kv<D>(dqkv, qkv, dout, lse, delta, pieces, n_heads, n_kv, scale);                  \
  }                                                                                                \
  KERNEL __launch_bounds__(128) attention_bwd_dq_d##D(                                             \
      bf16 *dqkv, const bf16 *qkv, const bf16 *dout, const float *lse, const float *delta,         \
      const int *pieces, int n_heads, int n_kv, float scale) {                                  \
    backward_q<D>(dqkv, qkv, dout, lse, delta, pieces, n_heads, n_kv, scale);                   \
  }
ATTENTION_BWD(32)
ATTENTION_BWD(64)
ATTENTION_BWD(128)
