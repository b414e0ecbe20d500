// memory.cpp: the emulated device's memory, with guards on both sides of every allocation.
//
// Fresh memory is full of NaN. A write outside an allocation breaks a guard (or is reported at
// once by AddressSanitizer, which is told that guards must not be touched).
#include "fiber.h"

namespace {
constexpr size_t GUARD_BYTES = 256;
constexpr unsigned char PATTERN = 0xa5;

size_t padded(size_t n) { return (n + GUARD_BYTES - 1) / GUARD_BYTES * GUARD_BYTES; }
} // namespace

extern "C" __attribute__((visibility("default"))) void *simt_alloc(uint64_t n) {
  size_t total = padded(n) + 2 * GUARD_BYTES;
  auto *base = (unsigned char *)aligned_alloc(GUARD_BYTES, total);
  if (!base) return nullptr;
  memset(base, PATTERN, total);
  memset(base + GUARD_BYTES, 0xff, n);
  SIMT_POISON(base, GUARD_BYTES);
  SIMT_POISON(base + GUARD_BYTES + n, total - GUARD_BYTES - n);
  return base + GUARD_BYTES;
}

// Whether both guards are whole.
extern "C" __attribute__((visibility("default"))) int simt_guards(void *p, uint64_t n) {
  auto *data = (unsigned char *)p;
  size_t total = padded(n) + 2 * GUARD_BYTES;
  unsigned char *base = data - GUARD_BYTES;
  SIMT_UNPOISON(base, total);
  bool whole = true;
  for (size_t i = 0; i < GUARD_BYTES; i++) whole &= base[i] == PATTERN;
  for (size_t i = GUARD_BYTES + n; i < total; i++) whole &= base[i] == PATTERN;
  SIMT_POISON(base, GUARD_BYTES);
  SIMT_POISON(data + n, total - GUARD_BYTES - n);
  return whole;
}

extern "C" __attribute__((visibility("default"))) void simt_free(void *p, uint64_t n) {
  auto *base = (unsigned char *)p - GUARD_BYTES;
  SIMT_UNPOISON(base, padded(n) + 2 * GUARD_BYTES);
  free(base);
}
