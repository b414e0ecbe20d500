// tensor.h: cp.async, ldmatrix and mma.sync on the CPU.
//
// A late copy fills its target with NaN until the wait that the ISA demands, so a missing wait
// shows. ldmatrix counts the cycles that bank conflicts would cost.
#pragma once
#include "block.h"

namespace simt {

SIMT_PLAIN inline void land(const Copy &c) {
  if (c.n) memcpy(c.dst, c.src, c.n);
  if (c.n_zeros) memset(c.dst + c.n, 0, c.n_zeros);
}

SIMT_PLAIN inline void cp_async(void *dst, const void *src, int n, int n_src) {
  if (n_src < 0 || n_src > n) fail("cp.async of %d bytes out of %d", n_src, n);
  if ((uintptr_t)dst % n || (n_src && (uintptr_t)src % n)) fail("cp.async: misaligned");
  blk->stats.async_bytes += n;
  Copy c{(char *)dst, (const char *)src, n_src, n - n_src};
  if (!blk->settings.late_copies) {
    land(c);
    return;
  }
  memset(dst, 0xff, n);
  Ignore ignore;
  me()->open.push_back(c);
}

SIMT_PLAIN inline void cp_async_commit() {
  Ignore ignore;
  Thread *t = me();
  t->groups.push_back(std::move(t->open));
  t->open.clear();
}

SIMT_PLAIN inline void cp_async_wait(int n_left) {
  Thread *t = me();
  for (;;) {
    std::vector<Copy> group;
    {
      Ignore ignore;
      if ((int)t->groups.size() <= n_left) return;
      group = std::move(t->groups.front());
      t->groups.erase(t->groups.begin());
    }
    for (size_t i = 0; i < group.size(); i++) land(group[i]);
  }
}

inline float2 unpack(uint32_t u) {
  return {__uint_as_float(u << 16), __uint_as_float(u & 0xffff0000u)};
}

struct LdmatrixDeposit {
  uint32_t *r;
  const unsigned char *row;
};

template<bool TRANSPOSED> SIMT_PLAIN inline void ldmatrix_leader(void **s) {
  auto lane = [s](int l) { return (LdmatrixDeposit *)s[l]; };
  blk->stats.ldmatrix++;
  for (int m = 0; m < 4; m++) {
    int hits[32] = {0};
    for (int i = 0; i < 8; i++) { // a phase reads 8 rows of 16 bytes
      uintptr_t a = (uintptr_t)lane(m * 8 + i)->row;
      if (a & 15) fail("ldmatrix: a row that is not 16-byte aligned");
      for (int w = 0; w < 4; w++) hits[(a / 4 + w) % 32]++;
    }
    blk->stats.bank_conflicts += *std::max_element(hits, hits + 32) - 1;
    for (int l = 0; l < 32; l++) {
      uint32_t v;
      if (!TRANSPOSED) {
        memcpy(&v, lane(m * 8 + l / 4)->row + (l % 4) * 4, 4);
      } else {
        uint16_t a, b;
        memcpy(&a, lane(m * 8 + (l % 4) * 2)->row + (l / 4) * 2, 2);
        memcpy(&b, lane(m * 8 + (l % 4) * 2 + 1)->row + (l / 4) * 2, 2);
        v = a | (uint32_t)b << 16;
      }
      lane(l)->r[m] = v;
    }
  }
}

template<bool TRANSPOSED>
SIMT_PLAIN inline void ldmatrix_x4(uint32_t (&r)[4], const void *p, const char *file, int line) {
#ifdef SIMT_TSAN // the row is read by the lane that named it
  volatile uint64_t x = ((const volatile uint64_t *)p)[0];
  x = ((const volatile uint64_t *)p)[1];
  (void)x;
#endif
  LdmatrixDeposit d{r, (const unsigned char *)p};
  collective(
      ~0u, &d, [](void **s) SIMT_PLAIN { ldmatrix_leader<TRANSPOSED>(s); }, "ldmatrix", file, line);
}

struct MmaDeposit {
  float *d;
  const uint32_t *a;
  uint32_t b0, b1;
};

// D += A B for A [16,16] and B [16,8]: products of bf16 summed in f32, k ascending, then added.
SIMT_PLAIN inline void mma_leader(void **s) {
  blk->stats.mma++;
  float a[16][16], b[16][8], d[16][8] = {};
  for (int l = 0; l < 32; l++) {
    MmaDeposit *t = (MmaDeposit *)s[l];
    int g = l >> 2, q = (l & 3) * 2;
    for (int i = 0; i < 4; i++) {
      float2 f = unpack(t->a[i]);
      int r = g + (i & 1) * 8, c = q + (i >> 1) * 8;
      a[r][c] = f.x;
      a[r][c + 1] = f.y;
    }
    float2 f = unpack(t->b0);
    b[q][g] = f.x;
    b[q + 1][g] = f.y;
    f = unpack(t->b1);
    b[q + 8][g] = f.x;
    b[q + 9][g] = f.y;
  }
  for (int r = 0; r < 16; r++)
    for (int k = 0; k < 16; k++)
      for (int c = 0; c < 8; c++) d[r][c] += a[r][k] * b[k][c];
  for (int l = 0; l < 32; l++) {
    MmaDeposit *t = (MmaDeposit *)s[l];
    int g = l >> 2, q = (l & 3) * 2;
    for (int i = 0; i < 4; i++) t->d[i] += d[g + (i >> 1) * 8][q + (i & 1)];
  }
}

SIMT_PLAIN inline void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1,
                           const char *file, int line) {
  MmaDeposit deposit{d, a, b0, b1};
  collective(~0u, &deposit, [](void **s) SIMT_PLAIN { mma_leader(s); }, "mma", file, line);
}

} // namespace simt
