// fiber.h: a thread of the GPU is a fiber, a stack that runs until it waits.
//
// Tells the sanitizers of every switch. ThreadSanitizer is told that a switch orders nothing, so
// that only barriers and collectives do, and a missing one is a race.
#pragma once
#include "words.h"
#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SIMT_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define SIMT_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIMT_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define SIMT_TSAN 1
#endif
#endif

#ifdef SIMT_ASAN
extern "C" void __sanitizer_start_switch_fiber(void **, const void *, size_t);
extern "C" void __sanitizer_finish_switch_fiber(void *, const void **, size_t *);
extern "C" void __asan_poison_memory_region(void const volatile *, size_t);
extern "C" void __asan_unpoison_memory_region(void const volatile *, size_t);
#define SIMT_POISON(p, n) __asan_poison_memory_region(p, n)
#define SIMT_UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define SIMT_POISON(p, n) ((void)0)
#define SIMT_UNPOISON(p, n) ((void)0)
#endif

#ifdef SIMT_TSAN
extern "C" void *__tsan_get_current_fiber();
extern "C" void *__tsan_create_fiber(unsigned);
extern "C" void __tsan_destroy_fiber(void *);
extern "C" void __tsan_switch_to_fiber(void *, unsigned);
extern "C" void __tsan_acquire(void *);
extern "C" void __tsan_release(void *);
extern "C" void AnnotateIgnoreReadsBegin(const char *, int);
extern "C" void AnnotateIgnoreReadsEnd(const char *, int);
extern "C" void AnnotateIgnoreWritesBegin(const char *, int);
extern "C" void AnnotateIgnoreWritesEnd(const char *, int);
#define SIMT_RELEASE(p) __tsan_release((void *)(p))
#define SIMT_ACQUIRE(p) __tsan_acquire((void *)(p))
#define SIMT_PLAIN __attribute__((no_sanitize("thread")))
#else
#define SIMT_RELEASE(p) ((void)0)
#define SIMT_ACQUIRE(p) ((void)0)
#define SIMT_PLAIN
#endif

namespace simt {

// While one lives, ThreadSanitizer overlooks what the emulator itself reads and writes.
struct Ignore {
#ifdef SIMT_TSAN
  Ignore() {
    AnnotateIgnoreReadsBegin("", 0);
    AnnotateIgnoreWritesBegin("", 0);
  }
  ~Ignore() {
    AnnotateIgnoreReadsEnd("", 0);
    AnnotateIgnoreWritesEnd("", 0);
  }
#else
  Ignore() {}
#endif
};

constexpr size_t STACK = 256 << 10;
constexpr size_t GUARD = 4096;

struct Fiber {
#if defined(__x86_64__)
  void *sp = nullptr;
#else
  ucontext_t uc;
#endif
  char *stack = nullptr;
  void *asan_fake = nullptr;
  void *tsan = nullptr;
};

#if defined(__x86_64__)
extern "C" __attribute__((visibility("hidden"))) void simt_switch(void **save, void *to);
asm(R"(
.text
.hidden simt_switch
.type simt_switch,@function
simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size simt_switch,.-simt_switch
)");
#endif

SIMT_PLAIN inline void jump(Fiber &from, Fiber &to, bool dying) {
#ifdef SIMT_ASAN
  __sanitizer_start_switch_fiber(dying ? nullptr : &from.asan_fake,
                                 to.stack ? to.stack + GUARD : nullptr,
                                 to.stack ? STACK - GUARD : 0);
#else
  (void)dying;
#endif
#ifdef SIMT_TSAN
  __tsan_switch_to_fiber(to.tsan, 1 /* orders nothing */);
#endif
#if defined(__x86_64__)
  simt_switch(&from.sp, to.sp);
#else
  swapcontext(&from.uc, &to.uc);
#endif
#ifdef SIMT_ASAN
  __sanitizer_finish_switch_fiber(from.asan_fake, nullptr, nullptr);
#endif
}

// A fresh fiber that starts in `entry`. Whether there was memory for its stack.
SIMT_PLAIN inline bool make_fiber(Fiber &f, void (*entry)()) {
  if (!f.stack) {
    void *p = mmap(nullptr, STACK, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return false;
    f.stack = (char *)p;
    mprotect(f.stack, GUARD, PROT_NONE);
  }
  // The frames of the last block were never unwound.
  SIMT_UNPOISON(f.stack + GUARD, STACK - GUARD);
#ifdef SIMT_TSAN
  f.tsan = __tsan_create_fiber(0);
#endif
#if defined(__x86_64__)
  void **sp = (void **)(f.stack + STACK - 64);
  *--sp = nullptr;
  *--sp = (void *)entry;
  for (int i = 0; i < 6; i++) *--sp = nullptr;
  f.sp = sp;
#else
  getcontext(&f.uc);
  f.uc.uc_stack.ss_sp = f.stack;
  f.uc.uc_stack.ss_size = STACK;
  f.uc.uc_link = nullptr;
  makecontext(&f.uc, entry, 0);
#endif
  return true;
}

inline void drop_stack(Fiber &f) {
  if (!f.stack) return;
  // Whatever is mapped here next must not inherit the frames' red zones.
  SIMT_UNPOISON(f.stack + GUARD, STACK - GUARD);
  munmap(f.stack, STACK);
  f.stack = nullptr;
}

} // namespace simt
