#include "heap.h"

struct Heap heap;

void heap_open(void) {
    heap.at = heap.bytes;
    heap.end = heap.bytes + HEAP_BYTES;
}

void *heap_refill(size_t n) {
    if (heap.at == heap.end) return malloc(n);
    const size_t steps = (n + HEAP_STEP - 1) / HEAP_STEP, size = HEAP_STEP * (steps ? steps : 1);
    char *chunk = heap.at;
    heap.at += HEAP_CHUNK;
    heap.size[heap_offset(chunk) / HEAP_CHUNK] = (uint8_t)steps;
    /* Handed out in the order of addresses. */
    HeapBlock *list = NULL;
    for (size_t i = HEAP_CHUNK / size; i-- > 1;) {
        HeapBlock *block = (HeapBlock *)(chunk + i * size);
        block->next = list;
        list = block;
    }
    heap.free[steps] = list;
    return chunk;
}

void *heap_move(void *block, size_t room, size_t n) {
    void *moved = heap_malloc(n);
    if (!moved) return NULL;
    memcpy(moved, block, room);
    heap_free(block);
    return moved;
}
