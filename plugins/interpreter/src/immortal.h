#ifndef IMMORTAL_H
#define IMMORTAL_H
#include <Python.h>

/* Makes `roots` (a list) and all that they reach immortal: nobody counts references to it, so that
   to use an object does not write to its page. Returns how many objects. */
size_t immortal_make(PyObject *roots);

#endif
