// bulk.h: mbarrier and TMA loads of tiles on the CPU.
//
// A late load fills its target with NaN and lands when somebody waits for its barrier; else it
// lands at once. The state of a barrier lies beside the block, not in the eight bytes of shared
// memory that name it. Whoever lets wgmma read a tile must have waited for the phase that brought
// it, whether it has landed or not: on a GPU that is the difference between now and never.
#pragma once
#include "block.h"

namespace simt {

// Where shared memory lies in the window of the block.
SIMT_PLAIN inline unsigned shared_offset(const void *p, const char *what) {
  size_t offset = (size_t)((const unsigned char *)p - blk->dyn);
  if (!blk->dyn || offset >= blk->dyn_bytes) fail("%s: not in dynamic shared memory", what);
  return (unsigned)offset;
}

SIMT_PLAIN inline void wake_waiting() {
  for (auto &t : blk->th)
    if (t.st == WAIT_MBARRIER) t.st = READY;
}

SIMT_PLAIN inline int mbarrier_idx(const void *p, int line) {
  for (size_t i = 0; i < blk->mbarriers.size(); i++)
    if (blk->mbarriers[i].at == p) return (int)i;
  fail("line %d uses an mbarrier that is not initialised", line);
  return 0;
}

SIMT_PLAIN inline void mbarrier_init(const void *p, int count, int line) {
  Ignore ignore;
  if (shared_offset(p, "mbarrier") % 8) fail("line %d: an mbarrier is not 8-byte aligned", line);
  if (count < 1 || count >= 1 << 20) fail("line %d: an mbarrier for %d arrivals", line, count);
  for (auto &b : blk->mbarriers)
    if (b.at == p) fail("line %d initialises an mbarrier again", line);
  blk->mbarriers.push_back({p, count, count, 0, 0, me()->lin, false});
}

// fence.mbarrier_init: TMA may know the barriers that this thread has made.
SIMT_PLAIN inline void mbarrier_fence() {
  for (auto &b : blk->mbarriers)
    if (b.owner == me()->lin) b.fenced = true;
}

SIMT_PLAIN inline void end_phase(Mbarrier &b) {
  if (b.pending || b.tx) return;
  b.phase++;
  b.pending = b.count;
  wake_waiting();
}

SIMT_PLAIN inline void mbarrier_arrive(const void *p, int64_t tx, int line) {
  Ignore ignore;
  Mbarrier &b = blk->mbarriers[mbarrier_idx(p, line)];
  if (!b.pending) fail("line %d arrives at an mbarrier more than its %d times", line, b.count);
  SIMT_RELEASE(p);
  b.tx += tx;
  b.pending--;
  end_phase(b);
}

SIMT_PLAIN inline bool overlap(unsigned lo, unsigned hi, unsigned lo2, unsigned hi2) {
  return lo < hi2 && lo2 < hi;
}

// Elements beyond an edge are zeros. Chunks of 16 bytes are swizzled by the row of 128 bytes.
SIMT_PLAIN inline void land(Load &load) {
  const TensorMap &m = load.map;
  for (unsigned r = 0; r < m.box_rows; r++)
    for (unsigned c = 0; c < m.box_columns; c++) {
      const unsigned row = load.lo + r * 128;
      const int64_t x = (int64_t)load.x + c, y = (int64_t)load.y + r;
      const bool inside = x >= 0 && x < (int64_t)m.columns && y >= 0 && y < (int64_t)m.rows;
      unsigned char *to = blk->dyn + (row | ((c * 2) ^ ((row >> 7 & 7) << 4)));
      if (inside)
        memcpy(to, (const void *)(m.base + x * 2 + y * m.stride), 2);
      else
        memset(to, 0, 2);
    }
  load.landed = true;
  Mbarrier &b = blk->mbarriers[load.barrier];
  b.tx -= load.hi - load.lo;
  SIMT_RELEASE(b.at);
  end_phase(b);
}

SIMT_PLAIN inline void land_of(int barrier) {
  Ignore ignore;
  SIMT_ACQUIRE(blk->mbarriers[barrier].at);
  for (size_t i = 0; i < blk->loads.size(); i++)
    if (blk->loads[i].barrier == barrier && !blk->loads[i].landed) land(blk->loads[i]);
}

// Until the phase of parity `parity` is over.
SIMT_PLAIN inline void mbarrier_wait(const void *p, int parity, const char *file, int line) {
  Thread *t = me();
  t->at = {"mbarrier wait", line, file};
  const int idx = mbarrier_idx(p, line);
  if (parity & ~1) fail("line %d waits for the parity %d", line, parity);
  while ((int)(blk->mbarriers[idx].phase & 1) == parity) {
    land_of(idx);
    if ((int)(blk->mbarriers[idx].phase & 1) == parity) yield(WAIT_MBARRIER);
  }
  SIMT_ACQUIRE(p);
  Ignore ignore;
  const uint32_t phase = blk->mbarriers[idx].phase;
  for (auto &seen : t->seen)
    if (seen.barrier == p) {
      seen.phase = phase;
      return;
    }
  t->seen.push_back({p, phase});
}

// A wgmma of any thread that is in flight reads this.
SIMT_PLAIN inline bool read_in_flight(unsigned lo, unsigned hi);

SIMT_PLAIN inline void check_load(const TensorMap &m, unsigned lo, unsigned hi, int line) {
  if (m.magic != 0x70616d726f736e74ull) fail("line %d: TMA with what is no tensor map", line);
  if (lo % 1024) fail("line %d: a TMA target that is not 1024-byte aligned", line);
  if (hi > blk->dyn_bytes) fail("line %d: a TMA load beyond the end of shared memory", line);
  for (auto &load : blk->loads)
    if (!load.landed && overlap(lo, hi, load.lo, load.hi))
      fail("the TMA load of line %d overwrites that of line %d, which is in flight", line,
           load.line);
  if (read_in_flight(lo, hi))
    fail("the TMA load of line %d overwrites what a wgmma in flight reads", line);
  for (auto &d : blk->dirty)
    if (overlap(lo, hi, d.lo, d.hi))
      fail("the TMA load of line %d overwrites what thread %d wrote without a proxy fence", line,
           d.thread);
}

SIMT_PLAIN inline void start_load(void *to, const TensorMap &m, const void *barrier, int x, int y,
                                  int line) {
  Ignore ignore;
  const int idx = mbarrier_idx(barrier, line);
  Mbarrier &b = blk->mbarriers[idx];
  if (!b.fenced) fail("line %d: TMA with an mbarrier before fence.mbarrier_init", line);
  const unsigned bytes = 128 * m.box_rows;
  const unsigned lo = shared_offset(to, "TMA target"), hi = lo + bytes;
  check_load(m, lo, hi, line);
  auto &loads = blk->loads;
  for (size_t i = 0; i < loads.size();)
    if (overlap(lo, hi, loads[i].lo, loads[i].hi))
      loads.erase(loads.begin() + i);
    else
      i++;
  SIMT_RELEASE(barrier);
  blk->stats.async_bytes += bytes;
  if (blk->settings.late_copies) memset(blk->dyn + lo, 0xff, bytes);
  loads.push_back({lo, hi, idx, b.phase, false, line, m, x, y});
  if (!blk->settings.late_copies) land(loads.back());
  wake_waiting();
}

// Shuffled, the thread may come to run long after its load has landed.
SIMT_PLAIN inline void tma_load(void *to, const TensorMap &m, const void *barrier, int x, int y,
                                int line) {
  start_load(to, m, barrier, x, y, line);
  if (blk->settings.seed) yield(READY);
}

// A store to a tile that wgmma or TMA will touch; fence.proxy.async makes it visible to them.
SIMT_PLAIN inline void tile_store16(void *to, uint4 v) {
  *(uint4 *)to = v;
  Ignore ignore;
  const unsigned lo = shared_offset(to, "a store to a tile");
  blk->dirty.push_back({lo, lo + 16, me()->lin});
}

SIMT_PLAIN inline void proxy_fence() {
  Ignore ignore;
  auto &dirty = blk->dirty;
  for (size_t i = 0; i < dirty.size();)
    if (dirty[i].thread == me()->lin)
      dirty.erase(dirty.begin() + i);
    else
      i++;
}

} // namespace simt
