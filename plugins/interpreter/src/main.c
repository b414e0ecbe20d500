/* The reactor module. `init` runs once, when the snapshot is made; `galloc` and `run` serve a job. */
#include "encode.h"
#include "heap.h"
#include "immortal.h"
#include "job.h"
#include "world.h"
#include <stdio.h>
#define EXPORT(name) __attribute__((export_name(#name)))

/* Room for the longer blocks of most programs. */
#define ARENA_BYTES (2 << 20)

static Bytes request, reply;
static void *arena; /* static, or the compiler sees that nobody uses it and leaves it out */

static void die(const char *what) {
    fprintf(stderr, "init: %s\n", what);
    if (PyErr_Occurred()) PyErr_Print();
    fflush(stderr);
    abort();
}

static void check(PyStatus status) {
    if (PyStatus_Exception(status)) die(status.err_msg ? status.err_msg : "PyStatus");
}

static void start_python(void) {
    PyPreConfig pre;
    PyPreConfig_InitIsolatedConfig(&pre);
    pre.utf8_mode = 1;
    check(Py_PreInitialize(&pre));
    PyConfig c;
    PyConfig_InitIsolatedConfig(&c);
    c.use_hash_seed = 1;
    c.hash_seed = 0;
    c.install_signal_handlers = c.site_import = c.write_bytecode = c.parse_argv = c.faulthandler = 0;
    c.buffered_stdio = 1;
    c.module_search_paths_set = 1;
    struct {
        wchar_t **field;
        const wchar_t *value;
    } names[] = {
        {&c.home, L"/py"},          {&c.prefix, L"/py"},          {&c.exec_prefix, L"/py"},
        {&c.base_prefix, L"/py"},   {&c.base_exec_prefix, L"/py"}, {&c.program_name, L"/py/python"},
        {&c.executable, L"/py/python"}, {&c.stdlib_dir, L"/lib"},  {&c.filesystem_encoding, L"utf-8"},
        {&c.filesystem_errors, L"surrogateescape"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check(PyConfig_SetString(&c, names[i].field, names[i].value));
    check(PyWideStringList_Append(&c.module_search_paths, L"/lib"));
    check(PyWideStringList_Append(&c.module_search_paths, L"/guest"));
    check(Py_InitializeFromConfig(&c));
    PyConfig_Clear(&c);
}

static PyObject *call_guest(PyObject *guest, const char *name) {
    PyObject *r = PyObject_CallMethod(guest, name, NULL);
    if (!r) die(name);
    return r;
}

/* Serves the requests that guest.py thinks of, so that caches and specialised bytecode are in the
   snapshot. */
static void warm_up(PyObject *guest) {
    PyObject *requests = call_guest(guest, "warm_requests");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(requests); i++) {
        PyObject *b = PyList_GET_ITEM(requests, i);
        if (!job_run(PyBytes_AS_STRING(b), (size_t)PyBytes_GET_SIZE(b), &reply)) die("warm-up");
        PyObject *shown = PyObject_CallMethod(guest, "warm_reply", "y#", reply.data,
                                              (Py_ssize_t)reply.len);
        if (!shown) die("warm-up reply");
        Py_DECREF(shown);
    }
    Py_DECREF(requests);
}

/* Takes every free block below the end of the heap, so that a program's objects lie together above
   it: fewer pages are touched. What was taken above the end is given back. */
static void fill_holes(void) {
    enum { ABOVE_MAX = 64 };
    const uintptr_t end = (uintptr_t)malloc(1 << 20);
    size_t taken = 0;
    for (size_t size = 1 << 16; size > 0; size = size > 1024 ? size / 2 : size - 4) {
        void *above[ABOVE_MAX];
        int n = 0;
        while (n < ABOVE_MAX && (above[n] = malloc(size))) {
            if ((uintptr_t)above[n] > end) {
                n++;
                continue;
            }
            memset(above[n], 0, size); /* compresses to nothing */
            taken += size;
        }
        while (n > 0) free(above[--n]);
    }
    free((void *)end);
    fprintf(stderr, "heap up to %zu, %zu bytes of holes filled\n", (size_t)end, taken);
}

EXPORT(init) void init(void) {
    /* The lowest block of the heap is a program's: the host puts written pages back cheaply as long
       as they are few runs of neighbours, counted from below. */
    arena = malloc(ARENA_BYTES);
    if (!arena) die("arena");
    start_python();
    PyObject *guest = PyImport_ImportModule("guest");
    if (!guest) die("import guest");
    Py_DECREF(call_guest(guest, "close_world"));
    world_seal();
    if (!job_prepare()) die("job_prepare");
    warm_up(guest);
    PyObject *all = call_guest(guest, "seal");
    fprintf(stderr, "%zu objects are immortal\n", immortal_make(all));
    Py_DECREF(all);
    Py_DECREF(guest);
    PyGC_Collect();
    fflush(stdout);
    free(reply.data);
    reply = (Bytes){0};
    fill_holes();
    free(arena);
    arena = NULL;
    request.cap = reply.cap = 8192; /* next to what a program will allocate */
    request.data = malloc(request.cap);
    reply.data = malloc(reply.cap);
    if (!request.data || !reply.data) die("buffers");
    heap_open();
    fflush(stderr);
}

EXPORT(galloc) char *galloc(uint32_t n) {
    if (n > request.cap) {
        char *grown = realloc(request.data, n);
        if (!grown) return NULL;
        request.data = grown;
        request.cap = n;
    }
    return request.data;
}

EXPORT(run) uint64_t run(const char *at, uint32_t len) {
    if (!job_run(at, len, &reply)) return 0;
    return ((uint64_t)(uint32_t)(uintptr_t)reply.data << 32) | (uint32_t)reply.len;
}
