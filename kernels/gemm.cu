// gemm.cu: C (+)= A B + bias on tensor cores; nt: B [N,K], nn: B [K,N], tn: A [K,M], B [K,N]
// Shapes   A [M,lda], B, C [M,ldc] bf16 in, bf16 or f32 out, bias [N] bf16 or null
// Layout   row-major, 16-byte aligned, lda, ldb % 8 == 0; M, N, K are any
// Launch   grid (ceil(N/BN), ceil(M/BM), 1); wide: 128x128, block 256, smem 49152;
//          narrow: 64x64, block 128, smem 24576
// Math     f32 accumulators, k ascending by 16, no split: an element's bits depend neither on the
//          tile nor on M or N; one rounding at the store
// Roofline 2MNK / 788 TFLOP/s; M=16384 N=6144 K=2048: 412 GFLOP = 523 us
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          gemm_qkv 1383.7 (25 %), gemm_gate_up 4247.0 (25 %), gemm_down 1944.4 (27 %),
//          gemm_dx 3929.8 (27 %), gemm_dw 4130.1 (26 %), gemm_head 6756.4 (24 %),
//          gemm_decode 112.5 (17 %), gemm_decode_one 49.7 (34 %), gemm_decode_wide 108.7 (18 %),
//          gemm_decode_narrow 112.8 (17 %), gemm_head_narrow 1358.3 (19 %),
//          gemm_dx_narrow 230.9 (8 %), gemm_dw_narrow 241.3 (18 %)
// Oracle   testkit::kernels::matmul (f64), budget E2; wide and narrow agree by bits
// Versions v1 mma.sync, cp.async, 3 stages (this)
#include "tile.cuh"

struct Operands {
  const bf16 *a, *b;
  int m, n, k, lda, ldb;
};

// Copies rows r0.. of a matrix [rows,ld], columns c0.., into a tile; zeros beyond its edges.
template<int H, int W, int THREADS>
DEV void load_tile(bf16 *tile, const bf16 *x, int ld, int rows, int columns, int r0, int c0) {
  UNROLL for (int i = threadIdx.x; i < H * W / 8; i += THREADS) {
    const int r = i / (W / 8), c = i % (W / 8), row = r0 + r, left = columns - (c0 + c * 8);
    const int n = row < rows && left > 0 ? min(16, left * 2) : 0;
    cp_async16(chunk<W>(tile, r, c), n ? x + (int64_t)row * ld + c0 + c * 8 : x, n);
  }
}

template<int BM, int BN, bool AT, bool BT, class Store>
DEV void multiply(const Operands &p, const Store &store) {
  constexpr int BK = 32, STAGES = 3, WARPS_M = 2, WARPS_N = BN / 32;
  constexpr int THREADS = WARPS_M * WARPS_N * 32, WM = BM / WARPS_M, TM = WM / 16;
  constexpr int TILE = (BM + BN) * BK;
  DYN_SMEM(smem);
  bf16 *tiles = (bf16 *)smem;
  const int m0 = blockIdx.y * BM, n0 = blockIdx.x * BN, n_k = (p.k + BK - 1) / BK;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int wm = warp / WARPS_N * WM, wn = warp % WARPS_N * 32;
  auto load = [&](int i) {
    bf16 *a = tiles + i % STAGES * TILE, *b = a + BM * BK;
    if (i < n_k) {
      if (AT)
        load_tile<BK, BM, THREADS>(a, p.a, p.lda, p.k, p.m, i * BK, m0);
      else
        load_tile<BM, BK, THREADS>(a, p.a, p.lda, p.m, p.k, m0, i * BK);
      if (BT)
        load_tile<BN, BK, THREADS>(b, p.b, p.ldb, p.n, p.k, n0, i * BK);
      else
        load_tile<BK, BN, THREADS>(b, p.b, p.ldb, p.k, p.n, i * BK, n0);
    }
    cp_async_commit();
  };
  float acc[TM][4][4] = {};
  load(0);
  load(1);
  for (int i = 0; i < n_k; i++) {
    cp_async_wait<1>();
    __syncthreads();
    load(i + 2);
    bf16 *ta = tiles + i % STAGES * TILE, *tb = ta + BM * BK;
    UNROLL for (int k = 0; k < BK / 16; k++) {
      uint32_t a[TM][4], b[2][4];
      UNROLL for (int j = 0; j < TM; j++) {
        if (AT)
          a_columns<BM>(a[j], ta, k * 16, (wm + j * 16) / 8);
        else
          a_rows<BK>(a[j], ta, wm + j * 16, k * 2);
      }
      UNROLL for (int j = 0; j < 2; j++) {
        if (BT)
          b_rows<BK>(b[j], tb, wn + j * 16, k * 2);
        else
          b_columns<BN>(b[j], tb, k * 16, (wn + j * 16) / 8);
      }
      UNROLL for (int j = 0; j < TM; j++) UNROLL for (int l = 0; l < 4; l++)
          mma_bf16(acc[j][l], a[j], b[l / 2][l % 2 * 2], b[l / 2][l % 2 * 2 + 1]);
    }
  }
  cp_async_wait<0>();
  UNROLL for (int j = 0; j < TM; j++) UNROLL for (int l = 0; l < 4; l++)
      UNROLL for (int e = 0; e < 4; e++) {
    const int row = m0 + wm + j * 16 + (lane >> 2) + (e >> 1) * 8;
    const int column = n0 + wn + l * 8 + (lane & 3) * 2 + (e & 1);
    if (row < p.m && column < p.n) store(row, column, acc[j][l][e]);
  }
}

#define GEMM_BF16(name, BM, BN, AT, BT)                                                            \
  KERNEL __launch_bounds__(BN * 2) name(bf16 *c, const bf16 *a, const bf16 *b, const bf16 *bias,   \
                                        int m, int n, int k, int lda, int ldb, int ldc) {          \
    multiply<BM, BN, AT, BT>({a, b, m, n, k, lda, ldb}, [=](int r, int col, float x) {             \
      c[(int64_t)r * ldc + col] = to_bf16(bias ? __fadd_rn(x, to_f32(bias[col])) : x);             \
    });                                                                                            \
  }
#define GEMM_F32(name, BM, BN, AT, BT)                                                             \
  KERNEL __launch_bounds__(BN * 2) name(float *c, const bf16 *a, const bf16 *b, int m, int n,      \
                                        int k, int lda, int ldb, int ldc, int accumulate) {        \
    multiply<BM, BN, AT, BT>({a, b, m, n, k, lda, ldb}, [=](int r, int col, float x) {             \
      float *to = c + (int64_t)r * ldc + col;                                                      \
      *to = accumulate ? __fadd_rn(*to, x) : x;                                                    \
    });                                                                                            \
  }

GEMM_BF16(gemm_nt_bf16, 128, 128, false, true)
GEMM_BF16(gemm_nt_bf16_narrow, 64, 64, false, true)
GEMM_F32(gemm_nt_f32, 128, 128, false, true)
GEMM_F32(gemm_nt_f32_narrow, 64, 64, false, true)
GEMM_BF16(gemm_nn_bf16, 128, 128, false, false)
GEMM_BF16(gemm_nn_bf16_narrow, 64, 64, false, false)
GEMM_F32(gemm_tn_f32, 128, 128, true, false)
GEMM_F32(gemm_tn_f32_narrow, 64, 64, true, false)
