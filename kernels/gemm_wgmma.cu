// gemm_wgmma.cu: the products of gemm.cu on the tensor cores of sm_90a, fed by TMA
// Shapes   A [M,K] (tn: [K,M]), B [N,K] (nn, tn: [K,N]) as tensor maps, C [M,ldc], bias [N] or null
// Layout   C row-major, 16-byte aligned; boxes of the maps: 64 columns of k by BM and BN rows, or,
//          where rows run along m or n, 64 columns by 64 rows of k. M, N, K are any
// Launch   grid (ceil(M/BM) ceil(N/BN),1,1), block BM * 2 + 32,
//          smem STAGES * (BM + BN) * 128 + 16 * STAGES
//          wide: 128x256, 4 stages; middle: 128x128, 3 stages, two blocks a multiprocessor;
//          narrow: 64x64, 4 stages
// Math     f32 accumulators, k ascending by 16, no split: an element's bits depend neither on the
//          tile nor on M or N; one rounding at the store
// Roofline 2MNK / 788 TFLOP/s; M=16384 N=6144 K=2048: 412 GFLOP = 523 us
// Measured not measured
// Oracle   testkit::kernels::matmul (f64), budget E2; the three tiles agree by bits
// Versions v1 one warp loads, one or two warpgroups multiply (this)
#include "hopper.cuh"

constexpr int BK = 64;          // k of a stage: a row of 128 bytes
constexpr int BOX = BK * 64 * 2; // bytes of 64 by 64 elements
constexpr int BAND = 16;        // tiles of M that share what they read of B in the L2 cache

// Which tile of C is this block's: down a band of tiles, then on to the next column of it.
struct Place {
  int m0, n0;
};
template<int BM, int BN> DEV Place place(int m, int n) {
  const int n_m = (m + BM - 1) / BM, n_n = (n + BN - 1) / BN, id = blockIdx.x;
  const int first = id / (BAND * n_n) * BAND, rows = min(BAND, n_m - first);
  const int at = id - first * n_n;
  return {(first + at % rows) * BM, at / rows * BN};
}

// The ring of tiles between the warp that loads and those that multiply.
template<int BM, int BN, int STAGES> struct Ring {
  static constexpr int A_BYTES = BM * BK * 2, BYTES = A_BYTES + BN * BK * 2;
  unsigned char *smem;
  DEVICE unsigned char *a(int i) const { return smem + i % STAGES * BYTES; }
  DEVICE unsigned char *b(int i) const { return a(i) + A_BYTES; }
  // Tile i has come; it may be overwritten.
  DEVICE uint64_t *full(int i) const { return (uint64_t *)(smem + STAGES * BYTES) + i % STAGES; }
  DEVICE uint64_t *empty(int i) const { return full(i) + STAGES; }
};

// Loads `extent` rows or columns from `at` of an operand, k from k0.
template<int EXTENT, bool COLUMNS>
DEV void load_operand(unsigned char *to, const TensorMap &map, uint64_t *full, int at, int k0) {
  constexpr int N = COLUMNS ? EXTENT / 64 : 1; // boxes
  UNROLL for (int i = 0; i < N; i++)
      tma_load(to + i * BOX, map, full, COLUMNS ? at + i * 64 : k0, COLUMNS ? k0 : at);
}

template<int BM, int BN, int STAGES, bool AT, bool BT>
DEV void load_all(const Ring<BM, BN, STAGES> &ring, const TensorMap &a, const TensorMap &b,
                  const Place &at, int n_k) {
  for (int i = 0; i < n_k; i++) {
    if (i >= STAGES) mbar_wait(ring.empty(i), (i / STAGES - 1) & 1);
    mbar_expect(ring.full(i), ring.BYTES);
    load_operand<BM, AT>(ring.a(i), a, ring.full(i), at.m0, i * BK);
    load_operand<BN, !BT>(ring.b(i), b, ring.full(i), at.n0, i * BK);
  }
}

// Calls `store(row, column, x, y)` for every two neighbours of a row, the first in an even column.
template<int BM, int BN, int STAGES, bool AT, bool BT, class Store>
DEV void multiply(const TensorMap &a, const TensorMap &b, int m, int n, int k, const Store &store) {
  DYN_SMEM(smem);
  const Ring<BM, BN, STAGES> ring = {smem};
  const Place at = place<BM, BN>(m, n);
  const int n_k = (k + BK - 1) / BK, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      mbar_init(ring.full(i), 1);
      mbar_init(ring.empty(i), BM / 16);
    }
    mbar_fence();
  }
  __syncthreads();
  if (warp == BM / 16) {
    if (lane == 0) load_all<BM, BN, STAGES, AT, BT>(ring, a, b, at, n_k);
    return;
  }
  const int group = warp >> 2; // the warpgroup: 64 rows of the tile
  float acc[BN / 8][4] = {};
  for (int i = 0; i < n_k; i++) {
    mbar_wait(ring.full(i), (i / STAGES) & 1);
    const uint64_t da = descriptor(tile_address(ring.a(i)) + group * BOX, BOX, 1024);
    const uint64_t db = descriptor(tile_address(ring.b(i)), BOX, 1024);
    wgmma_fence();
    // 16 k further: 32 bytes along a row, or 16 rows of 128 bytes.
    UNROLL for (int j = 0; j < BK / 16; j++)
        wgmma<AT, !BT>(acc, da + j * (AT ? 128 : 2), db + j * (BT ? 2 : 128), i + j > 0);
    wgmma_commit();
    wgmma_wait<1>();
    if (i > 0 && lane == 0) mbar_arrive(ring.empty(i - 1));
  }
  wgmma_wait<0>();
  const int row = at.m0 + warp * 16 + (lane >> 2);
  UNROLL for (int j = 0; j < BN / 8; j++) UNROLL for (int h = 0; h < 2; h++) {
    const int r = row + h * 8, column = at.n0 + j * 8 + (lane & 3) * 2;
    if (r < m && column < n) store(r, column, acc[j][2 * h], acc[j][2 * h + 1]);
  }
}

#define GEMM_BF16(name, BM, BN, STAGES, BLOCKS, AT, BT)                                            \
  KERNEL __launch_bounds__(BM * 2 + 32, BLOCKS) name(bf16 *c, TENSOR_MAP a, TENSOR_MAP b,          \
                                                     const bf16 *bias, int m, int n, int k,        \
                                                     int ldc) {                                    \
    multiply<BM, BN, STAGES, AT, BT>(a, b, m, n, k, [=](int r, int col, float x, float y) {        \
      bf16 *to = c + (int64_t)r * ldc + col;                                                       \
      const bool both = col + 1 < n;                                                               \
      if (bias) {                                                                                  \
        x = __fadd_rn(x, to_f32(bias[col]));                                                       \
        if (both) y = __fadd_rn(y, to_f32(bias[col + 1]));                                         \
      }                                                                                            \
      if (both && ldc % 2 == 0) {                                                                  \
        *(uint32_t *)to = pack_bf16(x, y);                                                         \
        return;                                                                                    \
      }                                                                                            \
      to[0] = to_bf16(x);                                                                          \
      if (both) to[1] = to_bf16(y);                                                                \
    });                                                                                            \
  }
#define GEMM_F32(name, BM, BN, STAGES, BLOCKS, AT, BT)                                             \
  KERNEL __launch_bounds__(BM * 2 + 32, BLOCKS) name(float *c, TENSOR_MAP a, TENSOR_MAP b, int m,  \
                                                     int n, int k, int ldc, int accumulate) {      \
    multiply<BM, BN, STAGES, AT, BT>(a, b, m, n, k, [=](int r, int col, float x, float y) {        \
      float *to = c + (int64_t)r * ldc + col;                                                      \
      const bool both = col + 1 < n;                                                               \
      if (both && ldc % 2 == 0) {                                                                  \
        const float2 old = accumulate ? *(float2 *)to : make_float2(0.f, 0.f);                     \
        *(float2 *)to = accumulate ? make_float2(__fadd_rn(old.x, x), __fadd_rn(old.y, y))         \
                                   : make_float2(x, y);                                            \
        return;                                                                                    \
      }                                                                                            \
      to[0] = accumulate ? __fadd_rn(to[0], x) : x;                                                \
      if (both) to[1] = accumulate ? __fadd_rn(to[1], y) : y;                                      \
    });                                                                                            \
  }

GEMM_BF16(gemm_wgmma_nt_bf16, 128, 256, 4, 1, false, true)
GEMM_BF16(gemm_wgmma_nt_bf16_middle, 128, 128, 3, 2, false, true)
GEMM_BF16(gemm_wgmma_nt_bf16_narrow, 64, 64, 4, 3, false, true)
GEMM_F32(gemm_wgmma_nt_f32, 128, 256, 4, 1, false, true)
GEMM_F32(gemm_wgmma_nt_f32_middle, 128, 128, 3, 2, false, true)
GEMM_F32(gemm_wgmma_nt_f32_narrow, 64, 64, 4, 3, false, true)
GEMM_BF16(gemm_wgmma_nn_bf16, 128, 256, 4, 1, false, false)
GEMM_BF16(gemm_wgmma_nn_bf16_middle, 128, 128, 3, 2, false, false)
GEMM_BF16(gemm_wgmma_nn_bf16_narrow, 64, 64, 4, 3, false, false)
GEMM_F32(gemm_wgmma_tn_f32, 128, 256, 4, 1, true, false)
GEMM_F32(gemm_wgmma_tn_f32_middle, 128, 128, 3, 2, true, false)
GEMM_F32(gemm_wgmma_tn_f32_narrow, 64, 64, 4, 3, true, false)
