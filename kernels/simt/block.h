// block.h: a block of threads; what they wait for, and the shared memory they meet in.
//
// Blocks run one after another. A failure (a barrier that not all reach, a lane outside its mask,
// a deadlock) ends the launch with a message; the fibers that were running are dropped.
#pragma once
#include "fiber.h"

// What the driver's 128 bytes stand for; the host's twin writes them (crates/kernels, tensor_map).
struct alignas(64) TensorMap {
  uint64_t magic, base, columns, rows, stride; // bytes from row to row
  uint64_t box_columns, box_rows, rest[9];
};
static_assert(sizeof(TensorMap) == 128, "as the driver's");

namespace simt {

struct Settings {
  unsigned seed = 0;       // 0: threads in order; else lanes, warps and blocks are shuffled
  bool late_copies = true; // asynchronous copies land when waited for; else at once
};

// What a launch did.
struct Stats {
  uint64_t mma, ldmatrix, bank_conflicts, async_bytes, collectives, barriers, wgmma;
};

struct Where {
  const char *op = "";
  int line = 0;
  const char *file = "";
};

enum State : uint8_t { READY, WAIT_WARP, WAIT_BLOCK, WAIT_MBARRIER, WAIT_WARPGROUP, DONE };

struct Copy {
  char *dst;
  const char *src;
  int n, n_zeros;
};

// Accumulators that products in flight work on; the thread's own are NaN until they are waited for.
struct Flight {
  float *d;
  std::vector<float> value;
  int n_open = 0;
};

// One wgmma of one thread. `a` is a descriptor, or `a_regs` are the thread's four registers.
struct Product {
  Flight *to;
  uint64_t a, b;
  const uint32_t *a_regs;
  int n, accumulate, a_columns, b_columns, line;
  bool done, waited; // computed; over for the whole warpgroup
};

// How far a thread has seen an mbarrier come.
struct Seen {
  const void *barrier;
  uint32_t phase;
};

struct Thread {
  uint3 tid;
  int lin, lane, warp;
  State st = READY;
  Fiber fb;
  Where at;
  std::vector<Copy> open;                // issued, not committed
  std::vector<std::vector<Copy>> groups; // committed, not waited for
  std::vector<std::unique_ptr<Flight>> flights;
  std::vector<Product> products; // in flight, in order
  std::vector<int> committed;   // how many of them each group has
  int n_uncommitted = 0;
  size_t n_retired = 0; // products before those in flight
  bool fenced = false; // its registers are in order before the next wgmma
  std::vector<Seen> seen;
};

struct Mbarrier {
  const void *at;
  int count, pending;
  int64_t tx;
  uint32_t phase;
  int owner;
  bool fenced;
};

// Shared memory that a TMA load brings, and the phase of the barrier that says so.
struct Load {
  unsigned lo, hi;
  int barrier;
  uint32_t phase;
  bool landed;
  int line;
  TensorMap map;
  int x, y;
};

// Written by a thread's own stores, not yet made visible to TMA and wgmma.
struct Dirty {
  unsigned lo, hi;
  int thread;
};

// Lanes of one warp that do something together, by their mask.
struct Meeting {
  unsigned mask = 0;
  int count = 0;
  unsigned gen = 0;
  Where at;
  void *slot[2][32];
};

constexpr int MEETINGS = 6;

struct Warp {
  Meeting meetings[MEETINGS];
  int n = 0;
};

struct Barrier {
  int count = 0;
  Where at;
};

struct Rendezvous {
  int count = 0;
  Where at;
};

struct Arena {
  const void *key;
  unsigned char *p;
  size_t bytes;
};

struct Block {
  uint3 bdim, gdim, bid;
  std::vector<Thread> th;
  std::vector<Warp> warps;
  std::vector<Arena> arenas;
  std::vector<Rendezvous> warpgroups;
  std::vector<Mbarrier> mbarriers;
  std::vector<Load> loads;
  std::vector<Dirty> dirty;
  Barrier bar;
  int live = 0;
  Fiber sched;
  Thread *cur = nullptr;
  void (*body)(void *) = nullptr;
  void *body_ctx = nullptr;
  unsigned char *dyn = nullptr;
  size_t dyn_bytes = 0;
  uint64_t rng = 1;
  Settings settings;
  Stats stats{};
  bool failed = false;
  char message[400] = "";
};

// A fiber never leaves its OS thread, so this is stable across switches.
inline thread_local Block *blk = nullptr;
SIMT_PLAIN inline Thread *me() { return blk->cur; }

// Ends the launch. Does not return to the thread that called it.
SIMT_PLAIN __attribute__((format(printf, 1, 2))) inline void fail(const char *format, ...) {
  if (!blk->failed) {
    Ignore ignore;
    va_list list;
    va_start(list, format);
    vsnprintf(blk->message, sizeof(blk->message), format, list);
    va_end(list);
    blk->failed = true;
  }
  if (Thread *t = blk->cur) {
    blk->cur = nullptr;
    jump(t->fb, blk->sched, true);
  }
}

SIMT_PLAIN inline void yield(State s) {
  Thread *t = me();
  t->st = s;
  jump(t->fb, blk->sched, false);
}

inline char launch_order; // the end of a kernel comes before what the host does after it

SIMT_PLAIN inline void open_barrier() {
  blk->bar.count = 0;
  for (auto &o : blk->th)
    if (o.st == WAIT_BLOCK) o.st = READY;
}

SIMT_PLAIN inline void finish() {
  Thread *t = me();
  for (auto &group : t->groups)
    if (!group.empty()) fail("thread %d ended with a cp.async in flight", t->lin);
  if (!t->open.empty()) fail("thread %d ended with a cp.async that was not committed", t->lin);
  if (!t->products.empty())
    fail("thread %d ended with a wgmma of line %d in flight", t->lin, t->products.front().line);
  t->st = DONE;
  blk->live--;
  // A thread that has ended counts as arrived.
  if (blk->bar.count && blk->bar.count >= blk->live) open_barrier();
  SIMT_RELEASE(&launch_order);
  jump(t->fb, blk->sched, true);
}

SIMT_PLAIN inline void entry() {
#ifdef SIMT_ASAN
  const void *base;
  size_t size;
  __sanitizer_finish_switch_fiber(nullptr, &base, &size);
  if (!blk->sched.stack) blk->sched.stack = (char *)base - GUARD;
#endif
  blk->body(blk->body_ctx);
  finish();
  abort();
}

SIMT_PLAIN inline void barrier(const char *file, int line) {
  Thread *t = me();
  Barrier &b = blk->bar;
  t->at = {"__syncthreads", line, file};
  if (b.count && b.at.line != line)
    fail("__syncthreads parts the block: thread %d at line %d, others at line %d", t->lin, line,
         b.at.line);
  SIMT_RELEASE(&b);
  b.at = t->at;
  b.count++;
  if (b.count >= blk->live) {
    blk->stats.barriers++;
    open_barrier();
    yield(READY);
  } else {
    yield(WAIT_BLOCK);
  }
  SIMT_ACQUIRE(&b);
}

SIMT_PLAIN inline Meeting &meeting(Warp &w, unsigned mask) {
  for (int i = 0; i < w.n; i++)
    if (w.meetings[i].mask == mask) return w.meetings[i];
  int i = w.n;
  if (w.n < MEETINGS) {
    w.n++;
  } else {
    for (i = 0; i < MEETINGS && w.meetings[i].count; i++) {
    }
    if (i == MEETINGS) fail("more than %d masks of one warp wait at once", MEETINGS);
  }
  w.meetings[i].mask = mask;
  w.meetings[i].count = 0;
  return w.meetings[i];
}

// Every lane of `mask` leaves a pointer; the last one to come runs `leader` for all.
template<class F> SIMT_PLAIN inline void collective(unsigned mask, void *mine, F &&leader,
                                                    const char *op, const char *file, int line) {
  Thread *t = me();
  if (!(mask >> t->lane & 1))
    fail("%s at line %d: lane %d is not in its own mask %08x", op, line, t->lane, mask);
  int n_lanes = std::min(32, (int)blk->th.size() - t->warp * 32);
  if (n_lanes < 32 && mask >> n_lanes)
    fail("%s at line %d: mask %08x names lanes that the block has not", op, line, mask);
  Meeting &g = meeting(blk->warps[t->warp], mask);
  if (g.count && (g.at.line != line || strcmp(g.at.op, op)))
    fail("a collective parts the warp: lane %d in %s at line %d, others in %s at line %d", t->lane,
         op, line, g.at.op, g.at.line);
  g.at = t->at = {op, line, file};
  unsigned gen = g.gen & 1;
  g.slot[gen][t->lane] = mine;
  SIMT_RELEASE(&g);
  if (++g.count == __builtin_popcount(mask)) {
    SIMT_ACQUIRE(&g);
    blk->stats.collectives++;
    leader(g.slot[gen]);
    SIMT_RELEASE(&g);
    g.count = 0;
    g.gen++;
    for (int l = 0; l < 32; l++)
      if ((mask >> l & 1) && l != t->lane) blk->th[t->warp * 32 + l].st = READY;
  } else {
    yield(WAIT_WARP);
  }
  SIMT_ACQUIRE(&g);
}

template<class T> SIMT_PLAIN inline T shuffle(unsigned mask, T v, int src, const char *op,
                                              const char *file, int line) {
  struct Deposit {
    T v;
    int src;
    T out;
  } d{v, src, v};
  collective(
      mask, &d,
      [mask](void **s) SIMT_PLAIN {
        for (int l = 0; l < 32; l++) {
          if (!(mask >> l & 1)) continue;
          Deposit *a = (Deposit *)s[l];
          if (a->src < 0 || a->src > 31) continue;
          if (!(mask >> a->src & 1)) fail("a shuffle reads lane %d, outside its mask", a->src);
          a->out = ((Deposit *)s[a->src])->v;
        }
      },
      op, file, line);
  return d.out;
}

SIMT_PLAIN inline unsigned ballot(unsigned mask, bool p, const char *op, const char *file,
                                  int line) {
  struct Deposit {
    unsigned bit, out;
  } d{p ? 1u << me()->lane : 0u, 0};
  collective(
      mask, &d,
      [mask](void **s) SIMT_PLAIN {
        unsigned all = 0;
        for (int l = 0; l < 32; l++)
          if (mask >> l & 1) all |= ((Deposit *)s[l])->bit;
        for (int l = 0; l < 32; l++)
          if (mask >> l & 1) ((Deposit *)s[l])->out = all;
      },
      op, file, line);
  return d.out;
}

constexpr size_t SHARED_MAX = 227 << 10;

// One buffer per block and declaration, full of NaN, as the GPU promises nothing about it.
SIMT_PLAIN inline void *shared_at(const void *key, size_t bytes) {
  Ignore ignore;
  size_t sum = blk->dyn_bytes;
  for (auto &a : blk->arenas) {
    if (a.key == key) return a.p;
    sum += a.bytes;
  }
  if (sum + bytes > SHARED_MAX) fail("more than 227 KiB of shared memory");
  size_t room = (bytes + 127) / 128 * 128;
  auto *p = (unsigned char *)aligned_alloc(128, room);
  memset(p, 0xff, bytes);
  SIMT_POISON(p + bytes, room - bytes);
  blk->arenas.push_back({key, p, bytes});
  return p;
}

SIMT_PLAIN inline unsigned char *dyn_smem() {
  if (!blk->dyn) fail("DYN_SMEM in a kernel that was launched without dynamic shared memory");
  return blk->dyn;
}

} // namespace simt

#define threadIdx (simt::me()->tid)
#define blockIdx (simt::blk->bid)
#define blockDim (simt::blk->bdim)
#define gridDim (simt::blk->gdim)
#define __syncthreads() simt::barrier(__FILE__, __LINE__)
#define __syncwarp() ((void)simt::ballot(~0u, false, "__syncwarp", __FILE__, __LINE__))
#define __shfl_sync(m, v, s) simt::shuffle(m, v, s, "__shfl_sync", __FILE__, __LINE__)
#define __shfl_xor_sync(m, v, x)                                                                   \
  simt::shuffle(m, v, simt::me()->lane ^ (x), "__shfl_xor_sync", __FILE__, __LINE__)
#define __ballot_sync(m, p) simt::ballot(m, p, "__ballot_sync", __FILE__, __LINE__)
#define __any_sync(m, p) (simt::ballot(m, p, "__any_sync", __FILE__, __LINE__) != 0)
