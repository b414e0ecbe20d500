// launch.h: runs a grid, and the table through which the host calls kernels by name.
//
// A kernel's file, a `SIMT_KERNEL(name)` per kernel and this header make one shared object. Its
// door is `simt_launch`, with the argument convention of cuLaunchKernel: an array of pointers to
// the arguments.
#pragma once
#include "block.h"

namespace simt {

SIMT_PLAIN inline void renew_shared(Block &b, bool last) {
  for (auto &a : b.arenas) {
    SIMT_UNPOISON(a.p, (a.bytes + 127) / 128 * 128);
    free(a.p);
  }
  b.arenas.clear();
  size_t cap = (b.dyn_bytes + 1023) / 1024 * 1024;
  if (b.dyn) SIMT_UNPOISON(b.dyn, cap);
#ifdef SIMT_TSAN // a fresh address, so that the last block's accesses are forgotten
  free(b.dyn);
  b.dyn = nullptr;
#endif
  if (last) {
    free(b.dyn);
    b.dyn = nullptr;
    return;
  }
  if (!cap) return;
  if (!b.dyn) b.dyn = (unsigned char *)aligned_alloc(1024, cap);
  memset(b.dyn, 0xff, b.dyn_bytes); // NaN in bf16 and f32
  SIMT_POISON(b.dyn + b.dyn_bytes, cap - b.dyn_bytes);
}

SIMT_PLAIN inline uint64_t next_random(Block &b) {
  b.rng = b.rng * 6364136223846793005ull + 1442695040888963407ull;
  return b.rng >> 33;
}

SIMT_PLAIN inline bool prepare_threads(Block &b) {
  int n = b.bdim.x * b.bdim.y * b.bdim.z;
  b.live = n;
  b.th.resize(n);
  b.warps.assign((n + 31) / 32, Warp());
  b.bar = Barrier();
  b.warpgroups.assign((n + 127) / 128, Rendezvous());
  b.mbarriers.clear();
  b.loads.clear();
  b.dirty.clear();
  for (int i = 0; i < n; i++) {
    Thread &t = b.th[i];
    t.lin = i;
    t.lane = i & 31;
    t.warp = i >> 5;
    t.st = READY;
    t.open.clear();
    t.groups.clear();
    t.flights.clear();
    t.products.clear();
    t.committed.clear();
    t.seen.clear();
    t.n_uncommitted = 0;
    t.n_retired = 0;
    t.fenced = false;
    t.tid = {i % b.bdim.x, i / b.bdim.x % b.bdim.y, i / (b.bdim.x * b.bdim.y)};
    if (!make_fiber(t.fb, entry)) return false;
  }
  return true;
}

SIMT_PLAIN inline void report_deadlock(Block &b) {
  for (auto &t : b.th) {
    if (t.st == DONE) continue;
    fail("deadlock in block (%u, %u, %u): thread %d waits in %s at line %d", b.bid.x, b.bid.y,
         b.bid.z, t.lin, t.at.op, t.at.line);
    return;
  }
}

// Runs every thread of a warp that can run, once. Whether any ran.
SIMT_PLAIN inline bool run_warp(Block &b, int warp) {
  bool ran = false;
  const int n = std::min((int)b.th.size() - warp * 32, 32);
  const int twist = b.settings.seed ? int(next_random(b) & 31) : 0;
  for (int l = 0; l < 32 && !b.failed; l++) {
    const int lane = l ^ twist;
    if (lane >= n) continue;
    Thread &t = b.th[warp * 32 + lane];
    if (t.st != READY) continue;
    ran = true;
    b.cur = &t;
    jump(b.sched, t.fb, false);
    b.cur = nullptr;
  }
  return ran;
}

// The warps of a block by priority. Shuffled, priorities hold for spells of any order of magnitude,
// so that a warp may be left behind while the others go far (as in probabilistic concurrency
// testing, Burckhardt et al. 2010).
struct Priorities {
  std::vector<int> order;
  unsigned left = 0; // turns of this spell
  SIMT_PLAIN explicit Priorities(int n) : order(n) {
    for (int i = 0; i < n; i++) order[i] = i;
  }
  SIMT_PLAIN const std::vector<int> &next(Block &b) {
    if (!b.settings.seed || left-- > 0) return order;
    for (int i = (int)order.size() - 1; i > 0; i--)
      std::swap(order[i], order[next_random(b) % (i + 1)]);
    left = 1u << next_random(b) % 12;
    return order;
  }
};

SIMT_PLAIN inline void run_block(Block &b) {
  renew_shared(b, false);
  if (!prepare_threads(b)) return fail("no memory for the stacks of a block");
  Priorities priorities((int)b.warps.size());
  while (b.live && !b.failed) {
    bool ran = false;
    for (int warp : priorities.next(b)) {
      while (run_warp(b, warp)) {
        ran = true;
        if (b.settings.seed) break;
      }
      if (ran && b.settings.seed) break; // to those above it first
    }
    if (!ran && !b.failed) report_deadlock(b);
  }
  for (auto &load : b.loads)
    if (!load.landed && !b.failed)
      fail("a block ended with the TMA load of line %d in flight", load.line);
#ifdef SIMT_TSAN // forget the shadow of the stacks too
  for (auto &t : b.th) {
    __tsan_destroy_fiber(t.fb.tsan);
    t.fb.tsan = nullptr;
    drop_stack(t.fb);
  }
#endif
}

struct Shape {
  unsigned grid[3], block[3];
  uint64_t smem;
};

SIMT_PLAIN inline void run_grid(Block &b, const Shape &shape) {
  if ((uint64_t)b.bdim.x * b.bdim.y * b.bdim.z > 1024) return fail("more than 1024 threads");
  if (shape.smem > SHARED_MAX) return fail("more than 227 KiB of shared memory");
  uint64_t n = (uint64_t)b.gdim.x * b.gdim.y * b.gdim.z;
  for (uint64_t i = 0; i < n && !b.failed; i++) {
    uint64_t k = b.settings.seed ? n - 1 - i : i; // blocks come in any order
    b.bid = {unsigned(k % b.gdim.x), unsigned(k / b.gdim.x % b.gdim.y),
             unsigned(k / ((uint64_t)b.gdim.x * b.gdim.y))};
    b.rng = b.settings.seed * 0x9e3779b97f4a7c15ull + k + 1;
    run_block(b);
  }
}

SIMT_PLAIN inline bool launch(const Shape &shape, const Settings &settings, void (*body)(void *),
                              void *ctx, Stats *stats, char *message, size_t message_len) {
  Block b;
  b.gdim = {shape.grid[0], shape.grid[1], shape.grid[2]};
  b.bdim = {shape.block[0], shape.block[1], shape.block[2]};
  b.body = body;
  b.body_ctx = ctx;
  b.dyn_bytes = shape.smem;
  b.settings = settings;
  blk = &b;
  {
    Ignore ignore;
#ifdef SIMT_TSAN
    b.sched.tsan = __tsan_get_current_fiber();
#endif
    run_grid(b, shape);
    for (auto &t : b.th) drop_stack(t.fb);
    renew_shared(b, true);
  }
  blk = nullptr;
  SIMT_ACQUIRE(&launch_order);
  *stats = b.stats;
  if (b.failed) snprintf(message, message_len, "%s", b.message);
  return !b.failed;
}

// A kernel by name, and how to call it with an array of pointers.
struct Entry {
  const char *name;
  void (*call)(void **args);
  int n_args;
};

inline std::vector<Entry> &entries() {
  static std::vector<Entry> all;
  return all;
}

template<auto F> struct Thunk;
template<class... A, void (*F)(A...)> struct Thunk<F> {
  template<size_t... I> static void call(void **args, std::index_sequence<I...>) {
    F(*(std::decay_t<A> *)args[I]...);
  }
  static void all(void **args) { call(args, std::index_sequence_for<A...>{}); }
  static bool add(const char *name) {
    entries().push_back({name, all, (int)sizeof...(A)});
    return true;
  }
};

struct Call {
  void (*kernel)(void **);
  void **args;
  static void run(void *self) { ((Call *)self)->kernel(((Call *)self)->args); }
};

} // namespace simt

#define SIMT_KERNEL(name) static const bool added_##name = simt::Thunk<&name>::add(#name);

// 0: done. 1: no such kernel, or another number of arguments. 2: failed, and `message` says how.
extern "C" __attribute__((visibility("default"))) int
simt_launch(const char *name, const simt::Shape *shape, unsigned seed, unsigned late_copies,
            void **args, int n_args, simt::Stats *stats, char *message, uint64_t message_len) {
  for (auto &entry : simt::entries()) {
    if (strcmp(entry.name, name)) continue;
    if (entry.n_args != n_args) {
      snprintf(message, message_len, "takes %d arguments, got %d", entry.n_args, n_args);
      return 1;
    }
    simt::Call call{entry.call, args};
    simt::Settings settings{seed, late_copies != 0};
    bool ok = simt::launch(*shape, settings, simt::Call::run, &call, stats, message, message_len);
    return ok ? 0 : 2;
  }
  snprintf(message, message_len, "no such kernel in this file");
  return 1;
}
