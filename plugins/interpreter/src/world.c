/* A WASI preview 1 world inside the guest. The linker's --wrap sends wasi-libc's system calls here,
   so that results depend on no host: the clock is virtual, sleep returns at once, random numbers
   are a fixed sequence, folders are listed by name, and after world_seal() files do not exist. Calls
   that are not wrapped reach the host, which refuses them. */
#include "world.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

typedef __wasi_errno_t E;
static const uint64_t EPOCH_NS = 1700000000000000000u, READING_NS = 1000;
/* Another month, weekday, hour, minute and second. */
static const uint64_t TURN_NS = 10000019000000000u;
static bool sealed;
static uint64_t elapsed, counter;

void world_seal(void) { sealed = true; }

/* The first of CPython (cpython.patch), which asks it of hashes, sets and addresses. */
extern int _Py_world, _Py_world_seen, _Py_world_walked;

void world_turn(int world) {
    _Py_world = world;
    elapsed = world ? elapsed + TURN_NS : elapsed - TURN_NS;
    counter += 8;
}

bool world_shown(void) {
    bool shown = _Py_world_seen;
    _Py_world_seen = 0;
    return shown;
}

void world_forget_walks(void) { _Py_world_walked = 0; }

bool world_walked(void) { return _Py_world_walked; }

static uint64_t base(__wasi_clockid_t id) { return id == __WASI_CLOCKID_REALTIME ? EPOCH_NS : 0; }

E __wrap___wasi_clock_time_get(__wasi_clockid_t id, __wasi_timestamp_t precision,
                               __wasi_timestamp_t *out) {
    (void)precision;
    elapsed += READING_NS;
    *out = base(id) + elapsed;
    return __WASI_ERRNO_SUCCESS;
}

E __wrap___wasi_clock_res_get(__wasi_clockid_t id, __wasi_timestamp_t *out) {
    (void)id;
    *out = READING_NS;
    return __WASI_ERRNO_SUCCESS;
}

/* Sleeping advances the clock. A subscription to a file is an event with an error. */
E __wrap___wasi_poll_oneoff(const __wasi_subscription_t *in, __wasi_event_t *out,
                            __wasi_size_t n, __wasi_size_t *events) {
    if (n == 0) return __WASI_ERRNO_INVAL;
    uint64_t until = elapsed;
    for (__wasi_size_t i = 0; i < n; i++) {
        memset(&out[i], 0, sizeof out[i]);
        out[i].userdata = in[i].userdata;
        out[i].type = in[i].u.tag;
        if (in[i].u.tag != __WASI_EVENTTYPE_CLOCK) {
            out[i].error = __WASI_ERRNO_BADF;
            continue;
        }
        const __wasi_subscription_clock_t *c = &in[i].u.u.clock;
        uint64_t at = elapsed + c->timeout;
        if (c->flags & __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME)
            at = c->timeout > base(c->id) ? c->timeout - base(c->id) : 0;
        if (at > until) until = at;
    }
    elapsed = until;
    *events = n;
    return __WASI_ERRNO_SUCCESS;
}

/* splitmix64 */
E __wrap___wasi_random_get(uint8_t *buf, __wasi_size_t n) {
    for (__wasi_size_t i = 0; i < n; i++) {
        static uint64_t word;
        if (counter % 8 == 0) {
            uint64_t z = 0x9e3779b97f4a7c15u * (counter / 8 + 1);
            z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
            z = (z ^ z >> 27) * 0x94d049bb133111ebu;
            word = z ^ z >> 31;
        }
        buf[i] = (uint8_t)(word >> counter % 8 * 8);
        counter++;
    }
    return __WASI_ERRNO_SUCCESS;
}

E __real___wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t n,
                         __wasi_size_t *written);
E __wrap___wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t n,
                         __wasi_size_t *written) {
    if (!sealed) return __real___wasi_fd_write(fd, iov, n, written);
    if (fd != 1 && fd != 2) return __WASI_ERRNO_BADF;
    __wasi_size_t ignored;
    (void)!__real___wasi_fd_write(fd, iov, n, &ignored);
    *written = 0;
    for (size_t i = 0; i < n; i++) *written += iov[i].buf_len;
    return __WASI_ERRNO_SUCCESS;
}

E __real___wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t n, __wasi_size_t *read);
E __wrap___wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t n, __wasi_size_t *read) {
    if (!sealed) return __real___wasi_fd_read(fd, iov, n, read);
    *read = 0;
    return fd == 0 ? __WASI_ERRNO_SUCCESS : __WASI_ERRNO_BADF;
}

E __real___wasi_path_open(__wasi_fd_t fd, __wasi_lookupflags_t look, const char *path,
                          __wasi_oflags_t o, __wasi_rights_t rights, __wasi_rights_t inherit,
                          __wasi_fdflags_t flags, __wasi_fd_t *out);
E __wrap___wasi_path_open(__wasi_fd_t fd, __wasi_lookupflags_t look, const char *path,
                          __wasi_oflags_t o, __wasi_rights_t rights, __wasi_rights_t inherit,
                          __wasi_fdflags_t flags, __wasi_fd_t *out) {
    if (!sealed) return __real___wasi_path_open(fd, look, path, o, rights, inherit, flags, out);
    return o & __WASI_OFLAGS_CREAT ? __WASI_ERRNO_ROFS : __WASI_ERRNO_NOENT;
}

/* What differs from one copy of a file to the next; it would stay in the snapshot. */
static E without_history(E error, __wasi_filestat_t *stat) {
    if (error == __WASI_ERRNO_SUCCESS)
        stat->dev = stat->ino = stat->atim = stat->mtim = stat->ctim = 0;
    return error;
}

E __real___wasi_fd_filestat_get(__wasi_fd_t fd, __wasi_filestat_t *out);
E __wrap___wasi_fd_filestat_get(__wasi_fd_t fd, __wasi_filestat_t *out) {
    return without_history(__real___wasi_fd_filestat_get(fd, out), out);
}

E __real___wasi_path_filestat_get(__wasi_fd_t fd, __wasi_lookupflags_t look, const char *path,
                                  __wasi_filestat_t *out);
E __wrap___wasi_path_filestat_get(__wasi_fd_t fd, __wasi_lookupflags_t look, const char *path,
                                  __wasi_filestat_t *out) {
    if (!sealed)
        return without_history(__real___wasi_path_filestat_get(fd, look, path, out), out);
    return __WASI_ERRNO_NOENT;
}

/* A folder's entries come by name: their order on disk would show in where strings lie. */
static struct Listing {
    __wasi_fd_t fd;
    int n;
    struct Entry {
        __wasi_dirent_t head;
        char name[64];
    } entries[1024];
} listing;

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct Entry *)a)->name, ((const struct Entry *)b)->name);
}

E __real___wasi_fd_readdir(__wasi_fd_t fd, uint8_t *buf, __wasi_size_t len,
                           __wasi_dircookie_t cookie, __wasi_size_t *used);
static E list(__wasi_fd_t fd) {
    static uint8_t raw[4096];
    memset(&listing, 0, sizeof listing);
    __wasi_dircookie_t cookie = 0;
    for (__wasi_size_t used = sizeof raw; used == sizeof raw;) {
        E error = __real___wasi_fd_readdir(fd, raw, sizeof raw, cookie, &used);
        if (error != __WASI_ERRNO_SUCCESS) return error;
        __wasi_dirent_t head;
        for (__wasi_size_t at = 0; at + sizeof head <= used; at += sizeof head + head.d_namlen) {
            memcpy(&head, raw + at, sizeof head);
            struct Entry *entry = &listing.entries[listing.n];
            if (head.d_namlen >= sizeof entry->name) return __WASI_ERRNO_NAMETOOLONG;
            if (at + sizeof head + head.d_namlen > used) break; /* cut off: read again */
            if (++listing.n == sizeof listing.entries / sizeof *entry) return __WASI_ERRNO_OVERFLOW;
            cookie = head.d_next;
            head.d_ino = 1;
            entry->head = head;
            memcpy(entry->name, raw + at + sizeof head, head.d_namlen);
        }
    }
    memset(raw, 0, sizeof raw);
    qsort(listing.entries, listing.n, sizeof *listing.entries, by_name);
    listing.fd = fd;
    return __WASI_ERRNO_SUCCESS;
}

E __wrap___wasi_fd_readdir(__wasi_fd_t fd, uint8_t *buf, __wasi_size_t len,
                           __wasi_dircookie_t cookie, __wasi_size_t *used) {
    if (sealed) return __WASI_ERRNO_BADF;
    if (cookie == 0 || listing.fd != fd) {
        E error = list(fd);
        if (error != __WASI_ERRNO_SUCCESS) return error;
    }
    *used = 0;
    for (; cookie < (__wasi_dircookie_t)listing.n; cookie++) {
        struct Entry *entry = &listing.entries[cookie];
        __wasi_size_t n = sizeof entry->head + entry->head.d_namlen, room = len - *used;
        entry->head.d_next = cookie + 1;
        memcpy(buf + *used, entry, n < room ? n : room); /* the name lies behind the head */
        *used += n < room ? n : room;
        if (n > room) return __WASI_ERRNO_SUCCESS;
    }
    memset(&listing, 0, sizeof listing);
    return __WASI_ERRNO_SUCCESS;
}
