// tile.cuh: tiles of bf16 in shared memory, 16 bytes a chunk, swizzled against bank conflicts.
#pragma once
#include "prims.cuh"

// The chunk where chunk `c` of row `r` lies, in a tile of CHUNKS chunks a row: eight rows that
// ldmatrix reads at once then lie in different banks.
template<int CHUNKS> DEV int swizzled(int r, int c) {
  if (CHUNKS >= 8) return c ^ (r & 7);
  if (CHUNKS == 4) return c ^ ((r >> 1) & 3);
  return c ^ ((r >> 2) & 1);
}

// Address of chunk `c` of row `r` in a tile of rows of W elements.
template<int W> DEV bf16 *chunk(bf16 *tile, int r, int c) {
  return tile + r * W + swizzled<W / 8>(r, c) * 8;
}

// The A operand: rows r0..r0+16, k chunks c..c+2 of a tile [rows][W] whose rows run along k.
template<int W> DEV void a_rows(uint32_t (&a)[4], bf16 *tile, int r0, int c) {
  const int lane = threadIdx.x & 31;
  ldsm_x4(a, chunk<W>(tile, r0 + (lane & 15), c + (lane >> 4)));
}

// The A operand of a tile [k][W] whose rows run along m: k0..k0+16, m chunks c..c+2.
template<int W> DEV void a_columns(uint32_t (&a)[4], bf16 *tile, int k0, int c) {
  const int lane = threadIdx.x & 31;
  ldsm_x4_t(a, chunk<W>(tile, k0 + (lane & 7) + ((lane >> 4) << 3), c + ((lane >> 3) & 1)));
}

// The B operand for 16 columns n0.. of a tile [n][W] whose rows run along k: chunks c..c+2.
// b[0], b[1] serve columns 0-7, b[2], b[3] columns 8-15.
template<int W> DEV void b_rows(uint32_t (&b)[4], bf16 *tile, int n0, int c) {
  const int lane = threadIdx.x & 31;
  ldsm_x4(b, chunk<W>(tile, n0 + (lane & 7) + ((lane >> 4) << 3), c + ((lane >> 3) & 1)));
}

// The B operand of a tile [k][W] whose rows run along n: k0..k0+16, n chunks c..c+2.
template<int W> DEV void b_columns(uint32_t (&b)[4], bf16 *tile, int k0, int c) {
  const int lane = threadIdx.x & 31;
  ldsm_x4_t(b, chunk<W>(tile, k0 + (lane & 15), c + (lane >> 4)));
}
