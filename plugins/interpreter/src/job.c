/* Runs a job. While code of the program runs there is no Python frame of ours below it, and between
   its runs only C decides: comparing, encoding and writing the reply use nothing that it can reach. */
#include "job.h"
#include "call.h"
#include "world.h"

#define VERSION 1
#define RECURSION_DEFAULT 1000
/* What the other world has more of Python's recursion, and less of C's. */
#define RECURSION_MORE 29
#define C_RECURSION_LESS 7
#define MODULE "__program__"

enum { DONE, SYNTAX, LOAD_RAISED };
typedef enum { VALUE, RAISED, BAD_ARGUMENTS, IS_NOT_PLAIN, IS_TOO_LARGE, NONDETERMINISTIC } Kind;

typedef struct {
    uint32_t runs, value_max, calls;
    int recursion;
    PyObject *program, *entry, **arguments;
} Job;

/* How one evaluation ended. `text`: value, class or type name; only `message` may differ by run. */
typedef struct {
    Kind kind;
    bool loaded;
    Bytes text, message;
} Result;

static PyObject *std_in, *std_out, *std_err, *builtins;

bool job_prepare(void) {
    std_in = Py_XNewRef(PySys_GetObject("stdin"));
    std_out = Py_XNewRef(PySys_GetObject("stdout"));
    std_err = Py_XNewRef(PySys_GetObject("stderr"));
    builtins = PyImport_ImportModule("builtins");
    return std_in && std_out && std_err && builtins && call_prepare();
}

/* Moves the current exception into class name and message. str() may run the program's code, but
   only to fill the message. */
static bool take_exception(Bytes *name, Bytes *message) {
    PyObject *e = PyErr_GetRaisedException();
    name->len = message->len = 0;
    if (!e) return bytes_put(name, "SystemError", 11);
    bool ok = type_name(name, Py_TYPE(e));
    PyObject *text = PyObject_Str(e);
    PyObject *utf8 = text ? PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace") : NULL;
    if (utf8) {
        const char *p = PyBytes_AS_STRING(utf8);
        size_t n = utf8_prefix(p, (size_t)PyBytes_GET_SIZE(utf8), NAME_MAX_BYTES);
        ok = ok && bytes_put(message, p, n);
    }
    PyErr_Clear();
    Py_XDECREF(utf8);
    Py_XDECREF(text);
    Py_DECREF(e);
    return ok;
}

static void reset_interpreter(const Job *job, int world) {
    world_forget_walks();
    PySys_SetObject("stdin", std_in);
    PySys_SetObject("stdout", std_out);
    PySys_SetObject("stderr", std_err);
    Py_SetRecursionLimit(job->recursion + world * RECURSION_MORE);
    PyErr_Clear();
}

/* A fresh module namespace, known in sys.modules (dataclasses and pickle ask there). */
static PyObject *fresh_module(void) {
    PyObject *module = PyModule_New(MODULE);
    if (!module) return NULL;
    PyObject *dict = PyModule_GetDict(module);
    if (PyDict_SetItemString(dict, "__builtins__", builtins) < 0 ||
        PyDict_SetItemString(PyImport_GetModuleDict(), MODULE, module) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}

static bool take_value(const Job *job, PyObject *value, Result *r) {
    r->text.len = 0;
    switch (encode(&r->text, value, job->value_max)) {
    case ENCODED:
        r->kind = VALUE;
        return true;
    case NOT_PLAIN:
        r->kind = IS_NOT_PLAIN;
        return true;
    case TOO_LARGE:
        r->kind = IS_TOO_LARGE;
        r->text.len = 0;
        return true;
    default:
        PyErr_NoMemory();
        r->kind = RAISED;
        return take_exception(&r->text, &r->message);
    }
}

/* One run: the program's top level, then the call (none if `call` is NULL). What the last run of a
   job leaves behind is not freed: the instance goes anyway. */
static bool run_once(const Job *job, PyObject *code, PyObject *call, bool keep, Result *r) {
    r->kind = RAISED;
    r->loaded = false;
    r->text.len = r->message.len = 0;
    PyObject *module = fresh_module();
    PyObject *globals = module ? PyModule_GetDict(module) : NULL;
    PyObject *top = globals ? PyEval_EvalCode(code, globals, globals) : NULL;
    PyObject *value = NULL;
    if (top) {
        r->loaded = true;
        value = call ? PyEval_EvalCode(call, globals, globals) : Py_NewRef(Py_None);
    }
    bool ok = value ? take_value(job, value, r) : take_exception(&r->text, &r->message);
    if (keep && !world_walked()) return ok; /* else this was not the last run */
    Py_XDECREF(value);
    Py_XDECREF(top);
    Py_XDECREF(module);
    return ok;
}

/* The same in CPython's world or in another one (world.h). */
static bool run_in_world(const Job *job, PyObject *code, PyObject *call, bool keep, int world,
                         Result *r) {
    PyThreadState *thread = PyThreadState_Get();
    reset_interpreter(job, world);
    if (world) world_turn(world);
    thread->c_recursion_remaining -= world * C_RECURSION_LESS;
    bool ok = run_once(job, code, call, keep, r);
    thread->c_recursion_remaining += world * C_RECURSION_LESS;
    if (world) world_turn(0);
    return ok;
}

static bool same(const Result *a, const Result *b) {
    return a->kind == b->kind && a->loaded == b->loaded && a->text.len == b->text.len &&
           memcmp(a->text.data, b->text.data, a->text.len) == 0;
}

static bool put_text(Bytes *out, const Bytes *text) { return bytes_text(out, text->data, text->len); }

static bool put_answer(Bytes *out, const Result *r) {
    if (!bytes_u8(out, (uint8_t)r->kind)) return false;
    switch (r->kind) {
    case RAISED:
        return put_text(out, &r->text) && put_text(out, &r->message);
    case VALUE:
    case IS_NOT_PLAIN:
        return put_text(out, &r->text);
    default:
        return true;
    }
}

typedef enum { GO_ON, LOAD_FAILED, BROKEN } Step;

typedef struct {
    const Job *job;
    PyObject *code;
    bool loaded; /* the top level went through at least once */
    Result first, again;
    Bytes *reply;
} Work;

/* Runs a call into `r`; `*agrees` tells whether it ended as the first time. */
static Step run_compared(Work *w, PyObject *call, bool keep, int world, Result *r,
                         bool *agrees) {
    if (!run_in_world(w->job, w->code, call, keep, world, r)) return BROKEN;
    if (!r->loaded && !w->loaded) return LOAD_FAILED;
    w->loaded = true;
    bool shown = world_shown() && w->job->runs > 1;
    *agrees = r->loaded && !shown && (r == &w->first || same(&w->first, &w->again));
    return GO_ON;
}

/* Appends the answer of one call. A run of world 1 that walked a set that way is followed by one in
   world 2. */
static Step answer(Work *w, PyObject *call, bool last_call) {
    for (uint32_t run = 0; run < w->job->runs; run++) {
        Result *r = run ? &w->again : &w->first;
        bool keep = last_call && run + 1 == w->job->runs, agrees = true;
        Step step = run_compared(w, call, keep, run % 2, r, &agrees);
        if (step == GO_ON && agrees && world_walked())
            step = run_compared(w, call, keep, 2, &w->again, &agrees);
        if (step != GO_ON) return step;
        if (!agrees) return bytes_u8(w->reply, NONDETERMINISTIC) ? GO_ON : BROKEN;
    }
    return put_answer(w->reply, &w->first) ? GO_ON : BROKEN;
}

static Step bad_arguments(Work *w, const Bytes *why) {
    return bytes_u8(w->reply, BAD_ARGUMENTS) && put_text(w->reply, why) ? GO_ON : BROKEN;
}

/* `calls[i]` is NULL where the arguments were refused, and `why[i]` then tells the reason. */
static bool all_calls(const Job *job, PyObject *code, PyObject **calls, Bytes *why, Bytes *reply) {
    Work w = {.job = job, .code = code, .reply = reply};
    Step step = bytes_u8(reply, DONE) && bytes_u32(reply, job->calls) ? GO_ON : BROKEN;
    for (uint32_t i = 0; step == GO_ON && i < job->calls; i++)
        step = calls[i] ? answer(&w, calls[i], i + 1 == job->calls) : bad_arguments(&w, &why[i]);
    if (step == GO_ON && !w.loaded) {
        if (!run_in_world(job, code, NULL, true, 0, &w.first)) return false;
        if (!w.first.loaded) step = LOAD_FAILED;
    }
    if (step != LOAD_FAILED) return step == GO_ON;
    reply->len = 0;
    return bytes_u8(reply, LOAD_RAISED) && put_text(reply, &w.first.text) &&
           put_text(reply, &w.first.message);
}

/* `Class: message`, or the class alone. */
static bool take_described(Bytes *text) {
    Bytes message = {0};
    bool ok = take_exception(text, &message);
    if (ok && message.len) ok = bytes_put(text, ": ", 2) && bytes_put(text, message.data, message.len);
    free(message.data);
    return ok;
}

static bool run_job(const Job *job, Bytes *reply) {
    Bytes text = {0};
    reset_interpreter(job, 0);
    PyObject *code = compile_text(job->program, "<program>", Py_file_input, 0);
    if (!code) return take_described(&text) && bytes_u8(reply, SYNTAX) && put_text(reply, &text);
    PyObject **calls = calloc(job->calls + 1, sizeof *calls);
    Bytes *why = calloc(job->calls + 1, sizeof *why);
    if (!calls || !why) return false;
    for (uint32_t i = 0; i < job->calls; i++) {
        calls[i] = call_compile(job->entry, job->arguments[i]);
        if (!calls[i] && !take_described(&why[i])) return false;
    }
    bool ok = all_calls(job, code, calls, why, reply);
    for (uint32_t i = 0; i < job->calls; i++) free(why[i].data);
    free(why);
    free(calls);
    return ok;
}

typedef struct {
    const char *at, *end;
} Reader;

static bool read_u32(Reader *r, uint32_t *v) {
    if (r->end - r->at < 4) return false;
    memcpy(v, r->at, 4);
    r->at += 4;
    return true;
}

static PyObject *read_text(Reader *r) {
    uint32_t n;
    if (!read_u32(r, &n) || (size_t)(r->end - r->at) < n) return NULL;
    r->at += n;
    return PyUnicode_DecodeUTF8(r->at - n, n, "replace");
}

static bool read_job(Reader *r, Job *job) {
    uint32_t version, flags, recursion;
    if (!read_u32(r, &version) || version != VERSION) return false;
    if (!read_u32(r, &flags) || flags != 0) return false;
    if (!read_u32(r, &job->runs) || !read_u32(r, &job->value_max)) return false;
    if (!read_u32(r, &recursion) || recursion > INT32_MAX) return false;
    if (!read_u32(r, &job->calls) || job->calls > (size_t)(r->end - r->at) / 4) return false;
    if (job->runs == 0) job->runs = 1;
    job->recursion = recursion ? (int)recursion : RECURSION_DEFAULT;
    job->program = read_text(r);
    job->entry = read_text(r);
    if (!job->program || !job->entry || !PyUnicode_IsIdentifier(job->entry)) return false;
    job->arguments = calloc(job->calls + 1, sizeof *job->arguments);
    if (!job->arguments) return false;
    for (uint32_t i = 0; i < job->calls; i++)
        if (!(job->arguments[i] = read_text(r))) return false;
    return r->at == r->end;
}

bool job_run(const char *request, size_t len, Bytes *reply) {
    Reader r = {request, request + len};
    Job job = {0};
    reply->len = 0;
    return read_job(&r, &job) && run_job(&job, reply);
}
