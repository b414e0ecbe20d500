/* What is in the snapshot stays for ever: an instance lives for one job. So its objects need no
   counts, and a program that only uses them leaves their pages as they are. Runs before the
   snapshot only. */
#define Py_BUILD_CORE 1 /* bytecode and its caches are CPython's own */
#include "immortal.h"
#include <internal/pycore_code.h>
#include <internal/pycore_opcode_metadata.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Not on the heap: what is freed there later would be a hole. */
static PyObject *todo[1 << 18];
static size_t n_todo, n_made;
/* Types that were looked into; static ones are immortal from the start. */
static PyTypeObject *types[1 << 12];
static size_t n_types;

static void push(PyObject *object) {
    if (!object) return;
    if (n_todo == sizeof todo / sizeof *todo) {
        fprintf(stderr, "immortal: too many objects\n");
        abort();
    }
    todo[n_todo++] = object;
}

static bool is_known(const PyTypeObject *type) {
    for (size_t i = 0; i < n_types; i++)
        if (types[i] == type) return true;
    return false;
}

static int visit(PyObject *object, void *unused) {
    (void)unused;
    if (!_Py_IsImmortal(object) || (PyType_Check(object) && !is_known((PyTypeObject *)object)))
        push(object);
    return 0;
}

static void push_dict(PyObject *dict) {
    PyObject *key, *value;
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value);) {
        visit(key, NULL);
        visit(value, NULL);
    }
}

/* A type keeps what `tp_traverse` of a static one does not tell. */
static void push_type(PyTypeObject *type) {
    if (is_known(type)) return;
    if (n_types == sizeof types / sizeof *types) {
        fprintf(stderr, "immortal: too many types\n");
        abort();
    }
    types[n_types++] = type;
    PyObject *dict = PyType_GetDict(type);
    if (dict) visit(dict, NULL), push_dict(dict);
    /* By field: to look names up would fill the cache of attributes with names that the first
       program drives out, and frees. */
    push(type->tp_mro);
    push(type->tp_bases);
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) return;
    push(((PyHeapTypeObject *)type)->ht_name);
    push(((PyHeapTypeObject *)type)->ht_qualname);
}

static void push_code(PyCodeObject *code) {
    PyObject *parts[] = {code->co_consts, code->co_names,    code->co_localsplusnames,
                         code->co_localspluskinds, code->co_filename, code->co_name,
                         code->co_qualname, code->co_linetable, code->co_exceptiontable};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) push(parts[i]);
}

/* The bytecode of the library is as specialised as it will be: a counter that ran on would dirty its
   page at each execution. 0xffff is CPython's own mark for a counter that stands still (build.sh
   has the interpreter respect it), and RESUME turns into RESUME_CHECK at its first execution. */
static void settle(PyCodeObject *code) {
    _Py_CODEUNIT *unit = _PyCode_CODE(code), *end = unit + Py_SIZE(code);
    while (unit < end) {
        uint8_t base = _PyOpcode_Deopt[unit->op.code];
        if (unit->op.code == RESUME) unit->op.code = RESUME_CHECK;
        uint8_t n_caches = _PyOpcode_Caches[base];
        if (n_caches > 0) unit[1].cache = 0xffff;
        unit += 1 + n_caches;
    }
}

static void make(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    visit((PyObject *)type, NULL);
    if (PyType_Check(object)) push_type((PyTypeObject *)object);
    if (_Py_IsImmortal(object)) return;
    if (PyUnicode_CheckExact(object) && PyUnicode_CHECK_INTERNED(object))
        ((PyASCIIObject *)object)->state.interned = SSTATE_INTERNED_IMMORTAL;
    Py_SET_REFCNT(object, _Py_IMMORTAL_REFCNT);
    n_made++;
    if (PyDict_Check(object)) push_dict(object);
    if (PyCode_Check(object)) {
        push_code((PyCodeObject *)object);
        settle((PyCodeObject *)object);
    }
    if (type->tp_traverse && (!type->tp_is_gc || type->tp_is_gc(object)))
        type->tp_traverse(object, visit, NULL);
}

size_t immortal_make(PyObject *roots) {
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(roots); i++) {
        push(PyList_GET_ITEM(roots, i));
        while (n_todo > 0) make(todo[--n_todo]);
    }
    memset(todo, 0, sizeof todo); /* compresses to nothing */
    memset(types, 0, sizeof types);
    return n_made;
}
