// warpgroup.h: wgmma on the CPU.
//
// Products are queued when issued and computed at the wait that the ISA demands, or, with eager
// copies, as soon as all 128 threads have issued them. Either way their accumulators are NaN and
// their operands taboo until that wait. Sums are those of `mma`: sixteen products of bf16 in f32,
// k ascending, then added to the accumulator.
#pragma once
#include "bulk.h"
#include "tensor.h"

namespace simt {

constexpr int WARPGROUP = 128;

// An operand in shared memory, with the swizzle of 128 bytes: `extent` rows of 16 k, or, by
// columns, 16 k of `extent` elements each.
struct Operand {
  unsigned start, lbo, sbo;
  bool columns;

  Operand(uint64_t d, bool columns)
      : start((d & 0x3fff) << 4), lbo((d >> 16 & 0x3fff) << 4), sbo((d >> 32 & 0x3fff) << 4),
        columns(columns) {}

  unsigned at(int mn, int k) const {
    unsigned a = columns
                     ? start + mn % 64 * 2 + mn / 64 * lbo + k % 8 * 128 + k / 8 * sbo
                     : start + mn % 8 * 128 + mn / 8 * sbo + k * 2;
    return a ^ ((a >> 7 & 7) << 4);
  }
  // All bytes lie from `lo` to `hi`.
  unsigned lo() const { return start & ~127u; }
  unsigned hi(int extent) const {
    return columns ? lo() + (extent - 1) / 64 * lbo + sbo + 1024
                   : lo() + (extent / 8 - 1) * sbo + 1024;
  }
};

SIMT_PLAIN inline void check_operand(uint64_t d, const Operand &x, int extent, int line) {
  if (d >> 62 != 1) fail("wgmma of line %d: a descriptor without the swizzle of 128 bytes", line);
  if (d >> 49 & 7) fail("wgmma of line %d: a descriptor with a base offset", line);
  if (x.sbo == 0 || (x.columns && extent > 64 && x.lbo == 0))
    fail("wgmma of line %d: a descriptor with a stride of 0", line);
  if (x.columns ? x.start % 1024 : x.start % 1024 > 96 || x.start % 32)
    fail("wgmma of line %d: a descriptor that starts inside a swizzled tile", line);
  if (x.hi(extent) > blk->dyn_bytes)
    fail("wgmma of line %d: an operand beyond the end of shared memory", line);
  const unsigned lo = x.lo(), hi = x.hi(extent);
  for (auto &load : blk->loads) {
    if (!overlap(lo, hi, load.lo, load.hi)) continue;
    bool seen = false;
    for (auto &s : me()->seen)
      if (s.barrier == blk->mbarriers[load.barrier].at) seen = s.phase > load.phase;
    if (!seen)
      fail("the wgmma of line %d reads what the TMA load of line %d brings, and thread %d has not "
           "waited for its mbarrier",
           line, load.line, me()->lin);
  }
  for (auto &dirty : blk->dirty)
    if (overlap(lo, hi, dirty.lo, dirty.hi))
      fail("the wgmma of line %d reads what thread %d wrote without a proxy fence", line,
           dirty.thread);
}

SIMT_PLAIN inline bool read_in_flight(unsigned lo, unsigned hi) {
  for (size_t t = 0; t < blk->th.size(); t += WARPGROUP)
    for (auto &p : blk->th[t].products) {
      if (p.waited) continue;
      const Operand a(p.a, p.a_columns), b(p.b, p.b_columns);
      if (!p.a_regs && overlap(lo, hi, a.lo(), a.hi(64))) return true;
      if (overlap(lo, hi, b.lo(), b.hi(p.n))) return true;
    }
  return false;
}

SIMT_PLAIN inline float element(unsigned at) {
  uint16_t v;
  memcpy(&v, blk->dyn + at, 2);
  return __uint_as_float((uint32_t)v << 16);
}

// The `i`-th product that a thread has issued.
SIMT_PLAIN inline Product &product(int thread, size_t i) {
  Thread &t = blk->th[thread];
  return t.products[i - t.n_retired];
}

// Product `i` of all threads of a warpgroup.
SIMT_PLAIN inline void compute(int base, size_t i) {
  static thread_local float a[64][16], b[16][256], sum[64][256];
  const Product p = product(base, i);
  const Operand oa(p.a, p.a_columns), ob(p.b, p.b_columns);
  for (int k = 0; k < 16; k++) {
    for (int n = 0; n < p.n; n++) b[k][n] = element(ob.at(n, k));
    if (!p.a_regs)
      for (int m = 0; m < 64; m++) a[m][k] = element(oa.at(m, k));
  }
  for (int t = 0; t < WARPGROUP; t++) {
    const Product &q = product(base + t, i);
    if (q.a != p.a || q.b != p.b || q.n != p.n || q.accumulate != p.accumulate || q.line != p.line)
      fail("the threads of a warpgroup disagree on the wgmma of line %d", p.line);
    if (!p.a_regs) continue;
    for (int r = 0; r < 4; r++) {
      const float2 f = unpack(q.a_regs[r]);
      const int row = t / 32 * 16 + t % 32 / 4 + (r & 1) * 8, k = t % 4 * 2 + (r >> 1) * 8;
      a[row][k] = f.x;
      a[row][k + 1] = f.y;
    }
  }
  for (int m = 0; m < 64; m++) {
    for (int n = 0; n < p.n; n++) sum[m][n] = 0.f;
    for (int k = 0; k < 16; k++)
      for (int n = 0; n < p.n; n++) sum[m][n] += a[m][k] * b[k][n];
  }
  for (int t = 0; t < WARPGROUP; t++) {
    Product &q = product(base + t, i);
    q.done = true;
    for (int e = 0; e < p.n / 2; e++) {
      const int row = t / 32 * 16 + t % 32 / 4 + (e >> 1 & 1) * 8;
      const float s = sum[row][e / 4 * 8 + t % 4 * 2 + (e & 1)];
      float &d = q.to->value[e];
      d = p.accumulate ? d + s : s;
    }
  }
  blk->stats.wgmma++;
}

SIMT_PLAIN inline void warpgroup_fence() { me()->fenced = true; }

struct Issue {
  float *d;
  int n;
  uint64_t a, b;
  const uint32_t *a_regs;
  int accumulate, a_columns, b_columns;
};

SIMT_PLAIN inline void warpgroup_mma(const Issue &w, int line) {
  Ignore ignore;
  Thread *t = me();
  const int base = t->lin / WARPGROUP * WARPGROUP;
  if (base + WARPGROUP > (int)blk->th.size())
    fail("wgmma of line %d: thread %d is in no whole warpgroup", line, t->lin);
  if (!t->fenced)
    fail("wgmma of line %d: no wgmma.fence since thread %d could touch its registers", line,
         t->lin);
  if (!w.a_regs) check_operand(w.a, Operand(w.a, w.a_columns), 64, line);
  check_operand(w.b, Operand(w.b, w.b_columns), w.n, line);
  Flight *to = nullptr;
  for (auto &f : t->flights)
    if (f->d == w.d) to = f.get();
  if (!to) {
    t->flights.push_back(std::make_unique<Flight>());
    to = t->flights.back().get();
    to->d = w.d;
    to->value.assign(w.d, w.d + w.n / 2);
    for (int e = 0; e < w.n / 2; e++) w.d[e] = __uint_as_float(0x7fffffffu);
  }
  to->n_open++;
  t->n_uncommitted++;
  t->products.push_back(
      {to, w.a, w.b, w.a_regs, w.n, w.accumulate, w.a_columns, w.b_columns, line, false, false});
  if (blk->settings.late_copies) return;
  // The last thread to come runs what all have issued.
  const size_t last = t->n_retired + t->products.size() - 1;
  for (int i = 0; i < WARPGROUP; i++) {
    const Thread &o = blk->th[base + i];
    if (o.n_retired + o.products.size() <= last) return;
  }
  compute(base, last);
}

SIMT_PLAIN inline void warpgroup_commit() {
  Ignore ignore;
  Thread *t = me();
  t->committed.push_back(t->n_uncommitted);
  t->n_uncommitted = 0;
}

// Until at most `n_left` groups are in flight; their accumulators hold the sums then.
SIMT_PLAIN inline void warpgroup_wait(int n_left, const char *file, int line) {
  Ignore ignore;
  Thread *t = me();
  const int base = t->lin / WARPGROUP * WARPGROUP;
  if (base + WARPGROUP > (int)blk->th.size())
    fail("line %d: thread %d is in no whole warpgroup", line, t->lin);
  Rendezvous &r = blk->warpgroups[base / WARPGROUP];
  if (r.count && r.at.line != line)
    fail("a warpgroup parts: thread %d waits at line %d, others at line %d", t->lin, line,
         r.at.line);
  r.at = t->at = {"wgmma wait", line, file};
  if (++r.count < WARPGROUP) {
    yield(WAIT_WARPGROUP);
  } else {
    int n_products = 0;
    for (int g = 0; g + n_left < (int)t->committed.size(); g++) n_products += t->committed[g];
    for (int i = 0; i < WARPGROUP; i++)
      if (blk->th[base + i].committed != t->committed)
        fail("the threads of a warpgroup have other groups of wgmma in flight at line %d", line);
    for (int i = 0; i < n_products; i++)
      if (!t->products[i].done) compute(base, t->n_retired + i);
    r.count = 0;
    for (int i = 0; i < WARPGROUP; i++) {
      Thread &o = blk->th[base + i];
      for (int j = 0; j < n_products; j++) o.products[j].waited = true;
      if (&o != t) o.st = READY;
    }
  }
  while ((int)t->committed.size() > n_left) {
    const int n = t->committed.front();
    for (int i = 0; i < n; i++) t->products[i].to->n_open--;
    t->products.erase(t->products.begin(), t->products.begin() + n);
    t->n_retired += n;
    t->committed.erase(t->committed.begin());
    t->fenced = false;
  }
  for (size_t i = 0; i < t->flights.size();) {
    Flight &f = *t->flights[i];
    if (f.n_open) {
      i++;
      continue;
    }
    std::copy(f.value.begin(), f.value.end(), f.d);
    t->flights.erase(t->flights.begin() + i);
  }
}

// setmaxnreg does nothing here, but must be spelt as the ISA asks: by a whole warpgroup.
SIMT_PLAIN inline void check_registers(int n, int line) {
  if (n < 24 || n > 256 || n % 8) fail("line %d: setmaxnreg of %d registers", line, n);
  if (me()->lin / WARPGROUP * WARPGROUP + WARPGROUP > (int)blk->th.size())
    fail("line %d: setmaxnreg in no whole warpgroup", line);
}

} // namespace simt
