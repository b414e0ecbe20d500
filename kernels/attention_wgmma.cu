// attention_wgmma.cu: attention_fwd.cu on the tensor cores of sm_90a, fed by TMA
// Shapes   qkv [R, (H + 2K) D] (q is read), out [R, H D] bf16, lse [R,H] f32 = ln sum e^score
// Layout   maps of the pages [pages K 64, D], boxes of 64 columns by 64 rows; sequences and
//          page_list as attention_fwd.cu has them; D is 64 or 128
// Launch   grid (ceil(max n_rows * H/K / BM), K, sequences),
//          smem STAGES * 256 D + 32 * STAGES + 16
//          wide: BM 128, block 384, 3 stages; narrow: BM 64, block 160, 4 stages
// Math     scores and sums in f32, weights and output rounded to bf16; blocks of 64 keys in
//          ascending order, so that a row's bits do not depend on what else is in the batch, on
//          where its tile begins or on BM: decoding takes the narrow kernel
// Roofline 4 T^2 H D / 2 / 788 TFLOP/s per sequence; 4 x T=4096 H=16 D=128: 275 GFLOP = 349 us
// Measured not measured
// Oracle   testkit::kernels::attention (f64), budget E2; the parts of a batch agree by bits
// Versions v1 one warp loads, one or two warpgroups multiply; v2 scores become weights while the
//          values of the block before are summed up, in machine code as well (this)
#include "attention.cuh"
#include "hopper.cuh"

constexpr int BOX = 64 * 64 * 2; // bytes of 64 rows by 64 columns

// The ring of blocks of keys and values between the warp that loads and those that multiply.
template<int D, int STAGES> struct Ring {
  static constexpr int BYTES = KEYS * D * 2;
  unsigned char *smem;
  DEVICE unsigned char *k(int b) const { return smem + b % STAGES * 2 * BYTES; }
  DEVICE unsigned char *v(int b) const { return k(b) + BYTES; }
  DEVICE uint64_t *bars() const { return (uint64_t *)(smem + STAGES * 2 * BYTES); }
  // Keys, values of block b have come; they may be overwritten.
  DEVICE uint64_t *k_full(int b) const { return bars() + b % STAGES; }
  DEVICE uint64_t *v_full(int b) const { return bars() + STAGES + b % STAGES; }
  DEVICE uint64_t *k_empty(int b) const { return bars() + 2 * STAGES + b % STAGES; }
  DEVICE uint64_t *v_empty(int b) const { return bars() + 3 * STAGES + b % STAGES; }
  // Values beyond the last key are zeros.
  DEVICE uint64_t *tail() const { return bars() + 4 * STAGES; }
  // The parity of the round that brings block b.
  DEVICE static int parity(int b) { return b / STAGES & 1; }
};

template<int D>
DEV void load_block(unsigned char *to, const TensorMap &map, uint64_t *full, int row) {
  mbar_expect(full, KEYS * D * 2);
  UNROLL for (int c = 0; c < D / 64; c++) tma_load(to + c * BOX, map, full, c * 64, row);
}

// What the loading warp does. A page holds whatever was in it beyond the last key: a weight of 0
// times that may be NaN, so such values become zeros.
template<int D, int STAGES>
DEV void load_all(const Ring<D, STAGES> &ring, const TensorMap &k, const TensorMap &v,
                  const int *pages, int n_keys, int n_kv) {
  const int lane = threadIdx.x & 31, n_blocks = (n_keys + KEYS - 1) / KEYS;
  if (lane == 0)
    for (int b = 0; b < n_blocks; b++) {
      const int row = (pages[b] * n_kv + (int)blockIdx.y) * KEYS;
      if (b >= STAGES) mbar_wait(ring.k_empty(b), ring.parity(b - STAGES));
      load_block<D>(ring.k(b), k, ring.k_full(b), row);
      if (b >= STAGES) mbar_wait(ring.v_empty(b), ring.parity(b - STAGES));
      load_block<D>(ring.v(b), v, ring.v_full(b), row);
    }
  const int last = n_blocks - 1, left = n_keys - last * KEYS;
  if (left == KEYS) return;
  __syncwarp(); // a wait that is a whole round ahead of its barrier would not wait
  mbar_wait(ring.v_full(last), ring.parity(last));
  for (int i = left * 8 + lane; i < KEYS * 8; i += 32)
    UNROLL for (int c = 0; c < D / 64; c++)
        tile_store16(ring.v(last) + c * BOX + i * 16, make_uint4(0, 0, 0, 0));
  proxy_fence();
  __syncwarp();
  if (lane == 0) mbar_arrive(ring.tail());
}

// The rows of a warp, as the A operand: q of rows `row`, `row` + 8 of the tile, 4 bytes a load.
template<int D>
DEV void load_q(uint32_t (&q)[D / 16][4], const bf16 *qkv, const Sequence &seq, int row, int n_rows,
                int group, int width) {
  const int lane = threadIdx.x & 31;
  UNROLL for (int h = 0; h < 2; h++) {
    const int m = row + h * 8;
    const bf16 *from = qkv + (int64_t)(seq.row0 + m / group) * width +
                       ((int)blockIdx.y * group + m % group) * D + (lane & 3) * 2;
    UNROLL for (int i = 0; i < D / 16; i++) {
      q[i][h] = m < n_rows ? *(const uint32_t *)(from + i * 16) : 0;
      q[i][2 + h] = m < n_rows ? *(const uint32_t *)(from + i * 16 + 8) : 0;
    }
  }
}

// s = q kᵀ of block b, in flight.
template<int D, int STAGES>
DEV void scores(float (&s)[8][4], const uint32_t (&q)[D / 16][4], const Ring<D, STAGES> &ring,
                int b) {
  mbar_wait(ring.k_full(b), ring.parity(b));
  const uint64_t k = descriptor(tile_address(ring.k(b)), BOX, 1024);
  wgmma_fence();
  UNROLL for (int i = 0; i < D / 16; i++)
      wgmma<0>(s, q[i], k + i / 4 * (BOX / 16) + i % 4 * 2, i > 0);
  wgmma_commit();
}

// acc += p v of block b, in flight.
template<int D, int STAGES>
DEV void weigh(float (&acc)[D / 8][4], const uint32_t (&p)[4][4], const Ring<D, STAGES> &ring,
               int b) {
  mbar_wait(ring.v_full(b), ring.parity(b));
  const uint64_t v = descriptor(tile_address(ring.v(b)), BOX, 1024);
  wgmma_fence();
  UNROLL for (int i = 0; i < 4; i++) wgmma<1>(acc, p[i], v + i * 128, 1);
  wgmma_commit();
}

template<int D, int BM, int STAGES>
DEV void forward(bf16 *out, float *lse, const bf16 *qkv, const TensorMap &k_map,
                 const TensorMap &v_map, const int *sequences, const int *page_list, int n_heads,
                 int n_kv, float scale_log2) {
  DYN_SMEM(smem);
  const Ring<D, STAGES> ring = {smem};
  const Sequence seq = ((const Sequence *)sequences)[blockIdx.z];
  const int group = n_heads / n_kv, n_tile_rows = seq.n_rows * group;
  const int m0 = (gridDim.x - 1 - blockIdx.x) * BM; // the longest rows first
  if (m0 >= n_tile_rows) return;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int n_keys = min(m0 + BM - 1, n_tile_rows - 1) / group + seq.start + 1;
  const int n_blocks = (n_keys + KEYS - 1) / KEYS;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      mbar_init(ring.k_full(i), 1);
      mbar_init(ring.v_full(i), 1);
      mbar_init(ring.k_empty(i), BM / 16);
      mbar_init(ring.v_empty(i), BM / 16);
    }
    mbar_init(ring.tail(), 1);
    mbar_fence();
  }
  __syncthreads();
  // In the wide kernel a whole warpgroup comes to load, to give its registers to those that
  // multiply; one warp of it works.
  if (warp >= BM / 16) {
    if (BM == 128) fewer_registers<24>();
    if (warp > BM / 16) return;
    load_all<D, STAGES>(ring, k_map, v_map, page_list + seq.pages, n_keys, n_kv);
    return;
  }
  if (BM == 128) more_registers<240>();
  const int row = m0 + warp * 16 + (lane >> 2);
  uint32_t q[D / 16][4], p[4][4];
  load_q<D>(q, qkv, seq, row, n_tile_rows, group, (n_heads + 2 * n_kv) * D);
  // The last positions that all rows, and that each of this thread's two, may see.
  const int all_see = m0 / group + seq.start;
  const int sees[2] = {row / group + seq.start, (row + 8) / group + seq.start};
  float acc[D / 8][4] = {}, s[8][4] = {};
  Running run = {{-INF_F, -INF_F}, {0.f, 0.f}};
  scores<D, STAGES>(s, q, ring, 0);
  wgmma_wait<0>();
  for (int b = 0;; b++) {
    if (lane == 0) mbar_arrive(ring.k_empty(b));
    if (b * KEYS + KEYS - 1 > all_see) // only blocks that some row must not see
      UNROLL for (int j = 0; j < 8; j++) UNROLL for (int e = 0; e < 4; e++) {
        const int key = b * KEYS + j * 8 + (lane & 3) * 2 + (e & 1);
        if (key > sees[e >> 1]) s[j][e] = -INF_F;
      }
    const float2 shrink = softmax_step(run, s, scale_log2);
    // ptxas hoists the wait below over the softmax, and nothing is left to overlap; it does not
    // move a wait for a barrier, which this block's values need further down in any case.
    mbar_wait(ring.v_full(b), ring.parity(b));
    wgmma_wait<0>(); // the values of the block before: their weights and sums may be touched
    if (b > 0 && lane == 0) mbar_arrive(ring.v_empty(b - 1));
    UNROLL for (int j = 0; j < D / 8; j++) shrink_rows(acc[j], shrink);
    UNROLL for (int i = 0; i < 4; i++) weights(p[i], s, i);
    if (b + 1 == n_blocks) break;
    scores<D, STAGES>(s, q, ring, b + 1);
    weigh<D, STAGES>(acc, p, ring, b);
    wgmma_wait<1>(); // the scores; the values are summed up while those become weights
  }
  if (n_keys % KEYS) mbar_wait(ring.tail(), 0);
  weigh<D, STAGES>(acc, p, ring, n_blocks - 1);
  wgmma_wait<0>();
  UNROLL for (int h = 0; h < 2; h++) {
    const int m = row + h * 8;
    const float sum = total(run, h), inv = __fdiv_rn(1.f, sum);
    if (m >= n_tile_rows) continue;
    const int64_t r = seq.row0 + m / group;
    const int head = (int)blockIdx.y * group + m % group;
    uint32_t *to = (uint32_t *)(out + (r * n_heads + head) * D);
    UNROLL for (int j = 0; j < D / 8; j++) to[j * 4 + (lane & 3)] =
        pack_bf16(__fmul_rn(acc[j][2 * h], inv), __fmul_rn(acc[j][2 * h + 1], inv));
    if ((lane & 3) == 0) lse[r * n_heads + head] = log_sum_exp(run, h, sum, scale_log2);
  }
}

#define ATTENTION(name, D, BM, STAGES, THREADS)                                                    \
  KERNEL __launch_bounds__(THREADS, 1) name(                                                       \
      bf16 *out, float *lse, const bf16 *qkv, TENSOR_MAP k, TENSOR_MAP v, const int *sequences,    \
      const int *page_list, int n_heads, int n_kv, float scale_log2) {                             \
    forward<D, BM, STAGES>(out, lse, qkv, k, v, sequences, page_list, n_heads, n_kv, scale_log2);  \
  }

ATTENTION(attention_wgmma_d64, 64, 128, 3, 384)
ATTENTION(attention_wgmma_d64_narrow, 64, 64, 4, 160)
ATTENTION(attention_wgmma_d128, 128, 128, 3, 384)
ATTENTION(attention_wgmma_d128_narrow, 128, 64, 4, 160)
