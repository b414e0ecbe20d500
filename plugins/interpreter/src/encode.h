/* Canonical text of plain values (PROTOCOL.md, "Canonical values"). */
#ifndef QUAERO_ENCODE_H
#define QUAERO_ENCODE_H
#define PY_SSIZE_T_CLEAN
#include "bytes.h"
#include <Python.h>

#define NAME_MAX_BYTES 200
#define DEPTH_MAX 50

typedef enum { ENCODED, NOT_PLAIN, TOO_LARGE, NO_MEMORY } Encoding;

/* Appends the canonical text of `value` to `out`, which may reach `max` bytes. NOT_PLAIN leaves the
   type's name (at most NAME_MAX_BYTES) as the whole of `out`. Runs no Python code. */
Encoding encode(Bytes *out, PyObject *value, size_t max);

/* Replaces `out` by the bare name of a type, without asking its metaclass. */
bool type_name(Bytes *out, PyTypeObject *type);

/* The longest prefix of at most `max` bytes that does not cut a UTF-8 character. */
size_t utf8_prefix(const char *p, size_t n, size_t max);
#endif
