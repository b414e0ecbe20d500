/* Canonical text by exact type, in C, so that no method of a judged program is ever called and
   nothing it patches is ever used. Size is checked while encoding: a huge value is refused before
   its text exists. */
#include "encode.h"
#include <stdio.h>

/* CPython's own default limit; beyond 9,000 digits int.__repr__ would run Python code (_pylong). */
#define INT_DIGITS_MAX 4300
#define INT_BITS_MAX 14285

size_t utf8_prefix(const char *p, size_t n, size_t max) {
    if (n <= max) return n;
    while (max > 0 && ((unsigned char)p[max] & 0xc0) == 0x80) max--;
    return max;
}

bool type_name(Bytes *out, PyTypeObject *type) {
    out->len = 0;
    PyObject *name = PyType_GetName(type);
    Py_ssize_t n = 0;
    const char *p = name ? PyUnicode_AsUTF8AndSize(name, &n) : NULL;
    if (!p) {
        PyErr_Clear();
        p = "?";
        n = 1;
    }
    bool ok = bytes_put(out, p, utf8_prefix(p, (size_t)n, NAME_MAX_BYTES));
    Py_XDECREF(name);
    return ok;
}

static Encoding put(Bytes *out, const char *p, size_t n, size_t max) {
    if (out->len > max || n > max - out->len) return TOO_LARGE;
    return bytes_put(out, p, n) ? ENCODED : NO_MEMORY;
}
#define PUT(literal) put(out, literal, sizeof literal - 1, max)
#define TRY(e)                                                                                    \
    do {                                                                                          \
        Encoding result_ = (e);                                                                   \
        if (result_ != ENCODED) return result_;                                                   \
    } while (0)

/* By the type's own C slot: `type` is a static builtin type, whose slots no program can change. */
static Encoding by_repr(Bytes *out, PyTypeObject *type, PyObject *value, size_t max) {
    PyObject *text = type->tp_repr(value);
    Py_ssize_t n;
    const char *p = text ? PyUnicode_AsUTF8AndSize(text, &n) : NULL;
    if (!p) {
        bool memory = PyErr_ExceptionMatches(PyExc_MemoryError);
        PyErr_Clear();
        Py_XDECREF(text);
        return memory ? NO_MEMORY : TOO_LARGE;
    }
    Encoding e = put(out, p, (size_t)n, max);
    Py_DECREF(text);
    return e;
}

static Encoding integer(Bytes *out, PyObject *value, size_t max) {
    int overflow;
    long long small = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (!overflow) {
        char text[24];
        return put(out, text, (size_t)snprintf(text, sizeof text, "%lld", small), max);
    }
    if (_PyLong_NumBits(value) > INT_BITS_MAX) return TOO_LARGE;
    size_t start = out->len;
    TRY(by_repr(out, &PyLong_Type, value, max));
    size_t digits = out->len - start - (out->data[start] == '-');
    return digits > INT_DIGITS_MAX ? TOO_LARGE : ENCODED;
}

static Encoding any(Bytes *out, PyObject *value, size_t max, int depth);

static Encoding sequence(Bytes *out, PyObject *value, size_t max, int depth) {
    bool list = PyList_CheckExact(value);
    TRY(list ? PUT("[") : PUT("("));
    /* The size is read each time: nothing runs in between, and nothing is assumed. */
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); i++) {
        if (i) TRY(PUT(", "));
        TRY(any(out, PySequence_Fast_GET_ITEM(value, i), max, depth + 1));
    }
    if (!list && PySequence_Fast_GET_SIZE(value) == 1) TRY(PUT(","));
    return list ? PUT("]") : PUT(")");
}

static Encoding dict(Bytes *out, PyObject *value, size_t max, int depth) {
    TRY(PUT("{"));
    PyObject *k, *v;
    Py_ssize_t pos = 0;
    for (bool first = true; PyDict_Next(value, &pos, &k, &v); first = false) {
        if (!first) TRY(PUT(", "));
        TRY(any(out, k, max, depth + 1));
        TRY(PUT(": "));
        TRY(any(out, v, max, depth + 1));
    }
    return PUT("}");
}

typedef struct {
    size_t at, len;
} Span;
static const char *span_base;

static int span_order(const void *a, const void *b) {
    const Span *x = a, *y = b;
    int c = memcmp(span_base + x->at, span_base + y->at, x->len < y->len ? x->len : y->len);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* The elements are encoded behind `out`, one after the other, and then laid out in order. */
static Encoding set_elements(Bytes *out, PyObject *iterator, size_t max, int depth, Span *spans,
                             size_t n) {
    Bytes raw = {0};
    size_t room = max - out->len, found = 0;
    Encoding e = ENCODED;
    PyObject *item;
    while (e == ENCODED && found < n && (item = PyIter_Next(iterator))) {
        spans[found].at = raw.len;
        e = any(&raw, item, room, depth + 1);
        spans[found].len = raw.len - spans[found].at;
        found++;
        Py_DECREF(item);
    }
    PyErr_Clear();
    if (e == ENCODED) {
        span_base = raw.data;
        qsort(spans, found, sizeof *spans, span_order);
        for (size_t i = 0; e == ENCODED && i < found; i++) {
            if (i) e = PUT(", ");
            if (e == ENCODED) e = put(out, raw.data + spans[i].at, spans[i].len, max);
        }
    } else if (e == NOT_PLAIN) {
        out->len = 0;
        if (!bytes_put(out, raw.data, raw.len)) e = NO_MEMORY;
    }
    free(raw.data);
    return e;
}

static Encoding set(Bytes *out, PyObject *value, size_t max, int depth) {
    bool frozen = PyFrozenSet_CheckExact(value);
    size_t n = (size_t)PySet_GET_SIZE(value);
    if (n == 0) return frozen ? PUT("frozenset()") : PUT("set()");
    if (n > max) return TOO_LARGE;
    TRY(frozen ? PUT("frozenset({") : PUT("{"));
    PyObject *iterator = PyObject_GetIter(value);
    Span *spans = malloc(n * sizeof *spans);
    Encoding e = NO_MEMORY;
    if (iterator && spans) e = set_elements(out, iterator, max, depth, spans, n);
    free(spans);
    Py_XDECREF(iterator);
    PyErr_Clear();
    TRY(e);
    return frozen ? PUT("})") : PUT("}");
}

static Encoding any(Bytes *out, PyObject *value, size_t max, int depth) {
    if (value == Py_None) return PUT("None");
    if (value == Py_True) return PUT("True");
    if (value == Py_False) return PUT("False");
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyLong_Type) return integer(out, value, max);
    if (type == &PyFloat_Type || type == &PyComplex_Type) return by_repr(out, type, value, max);
    if (type == &PyUnicode_Type) {
        if ((size_t)PyUnicode_GET_LENGTH(value) > max) return TOO_LARGE;
        return by_repr(out, type, value, max);
    }
    if (type == &PyBytes_Type) {
        if ((size_t)PyBytes_GET_SIZE(value) > max) return TOO_LARGE;
        return by_repr(out, type, value, max);
    }
    bool container = type == &PyList_Type || type == &PyTuple_Type || type == &PyDict_Type ||
                     type == &PySet_Type || type == &PyFrozenSet_Type;
    if (!container) return type_name(out, type) ? NOT_PLAIN : NO_MEMORY;
    if (depth >= DEPTH_MAX) return TOO_LARGE;
    if (type == &PyDict_Type) return dict(out, value, max, depth);
    if (type == &PySet_Type || type == &PyFrozenSet_Type) return set(out, value, max, depth);
    return sequence(out, value, max, depth);
}

Encoding encode(Bytes *out, PyObject *value, size_t max) { return any(out, value, max, 0); }
