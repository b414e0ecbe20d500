/* A growing byte buffer outside the Python heap. */
#ifndef QUAERO_BYTES_H
#define QUAERO_BYTES_H
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *data;
    size_t len, cap;
} Bytes;

static inline bool bytes_put(Bytes *b, const void *p, size_t n) {
    if (n > b->cap - b->len) {
        size_t cap = b->cap ? b->cap : 256;
        while (cap - b->len < n) {
            if (cap > SIZE_MAX / 2) return false;
            cap *= 2;
        }
        char *grown = realloc(b->data, cap);
        if (!grown) return false;
        b->data = grown;
        b->cap = cap;
    }
    if (n) memcpy(b->data + b->len, p, n);
    b->len += n;
    return true;
}

static inline bool bytes_u8(Bytes *b, uint8_t v) { return bytes_put(b, &v, 1); }
static inline bool bytes_u32(Bytes *b, uint32_t v) { return bytes_put(b, &v, 4); }
/* u32 length and the bytes */
static inline bool bytes_text(Bytes *b, const char *p, size_t n) {
    return bytes_u32(b, (uint32_t)n) && bytes_put(b, p, n);
}
#endif
