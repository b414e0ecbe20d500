/* Small blocks in front of libc's malloc, for all that Python allocates (build.sh has obmalloc.c
   call these). An instance lives for one job, so nothing is given back: a free block waits in the
   list of its size. A block has no header; its chunk knows the size. */
#ifndef HEAP_H
#define HEAP_H
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAP_STEP = 8,        /* sizes are multiples of it, as are addresses */
    HEAP_SMALL_MAX = 512, /* longer blocks are libc's */
    HEAP_CHUNK = 1024,    /* blocks of one size lie together */
    HEAP_BYTES = 1 << 20, /* when these are used up, libc's */
};

typedef struct HeapBlock {
    struct HeapBlock *next;
} HeapBlock;

extern struct Heap {
    HeapBlock *free[HEAP_SMALL_MAX / HEAP_STEP + 1]; /* by size */
    uint8_t size[HEAP_BYTES / HEAP_CHUNK];           /* of a chunk's blocks, in steps */
    char *at, *end;                                  /* chunks of no size yet */
    _Alignas(16) char bytes[HEAP_BYTES];
} heap;

/* From now on small blocks come from here; until then all are libc's. */
void heap_open(void);
/* A block of at most HEAP_SMALL_MAX bytes whose list is empty. */
void *heap_refill(size_t n);
/* realloc of a block of the heap that is too short for `n` bytes. */
void *heap_move(void *block, size_t room, size_t n);

static inline void *heap_malloc(size_t n) {
    if (__builtin_expect(n > HEAP_SMALL_MAX, 0)) return malloc(n);
    HeapBlock **list = &heap.free[(n + HEAP_STEP - 1) / HEAP_STEP], *block = *list;
    if (__builtin_expect(!block, 0)) return heap_refill(n);
    *list = block->next;
    return block;
}

/* Where `block` lies in the heap; HEAP_BYTES or more if it does not. */
static inline size_t heap_offset(const void *block) {
    return (uintptr_t)block - (uintptr_t)heap.bytes;
}

static inline void heap_free(void *block) {
    size_t offset = heap_offset(block);
    if (__builtin_expect(offset >= HEAP_BYTES, 0)) {
        free(block);
        return;
    }
    HeapBlock **list = &heap.free[heap.size[offset / HEAP_CHUNK]];
    ((HeapBlock *)block)->next = *list;
    *list = block;
}

/* `n * size` must not overflow; Python has seen to it. */
static inline void *heap_calloc(size_t n, size_t size) {
    if (n * size > HEAP_SMALL_MAX) return calloc(n, size);
    void *block = heap_malloc(n * size);
    return block ? memset(block, 0, n * size) : NULL;
}

static inline void *heap_realloc(void *block, size_t n) {
    if (!block) return heap_malloc(n);
    size_t offset = heap_offset(block);
    if (offset >= HEAP_BYTES) return realloc(block, n);
    size_t room = HEAP_STEP * (size_t)heap.size[offset / HEAP_CHUNK];
    return n <= room ? block : heap_move(block, room, n);
}

#endif
