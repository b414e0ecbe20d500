/* Argument texts: checked and compiled before any code of the program runs. */
#ifndef QUAERO_CALL_H
#define QUAERO_CALL_H
#include "encode.h"

bool call_prepare(void);
/* The code of `entry(arguments)`, or NULL with an error set (SyntaxError and the like). */
PyObject *call_compile(PyObject *entry, PyObject *arguments);
/* Code of `source`; refuses NUL bytes, which CPython's C interface would take for the end. */
PyObject *compile_text(PyObject *source, const char *name, int start, int flags);
#endif
