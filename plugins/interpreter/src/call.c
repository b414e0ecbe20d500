/* Is a text exactly the inside of one call? Two ways to know. `plain_tokens` sees it from the
   tokens alone, which is fast: brackets balance and never close the call, and no character occurs
   that a keyword argument or a star needs. Any other text is parsed to a syntax tree, which must be
   one call of a bare name. */
#include "call.h"

static PyObject *ast_call, *ast_name, *ast_starred;

bool call_prepare(void) {
    PyObject *ast = PyImport_ImportModule("_ast");
    if (!ast) return false;
    ast_call = PyObject_GetAttrString(ast, "Call");
    ast_name = PyObject_GetAttrString(ast, "Name");
    ast_starred = PyObject_GetAttrString(ast, "Starred");
    Py_DECREF(ast);
    return ast_call && ast_name && ast_starred;
}

PyObject *compile_text(PyObject *source, const char *name, int start, int flags) {
    Py_ssize_t n;
    const char *p = PyUnicode_AsUTF8AndSize(source, &n);
    if (!p) return NULL;
    if (memchr(p, 0, (size_t)n)) {
        PyErr_SetString(PyExc_SyntaxError, "source code string cannot contain null bytes");
        return NULL;
    }
    PyCompilerFlags f = _PyCompilerFlags_INIT;
    f.cf_flags = PyCF_SOURCE_IS_UTF8 | PyCF_IGNORE_COOKIE | flags;
    return Py_CompileStringExFlags(p, name, start, &f, 0);
}

static bool word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Behind a string literal that starts at `i`, or 0 if it does not end. */
static size_t string_end(const char *s, size_t n, size_t i) {
    char q = s[i];
    bool triple = i + 2 < n && s[i + 1] == q && s[i + 2] == q;
    for (i += triple ? 3 : 1; i < n; i++) {
        if (s[i] == '\\') {
            i++;
        } else if (s[i] == q) {
            if (!triple) return i + 1;
            if (i + 2 < n && s[i + 1] == q && s[i + 2] == q) return i + 3;
        } else if (s[i] == '\n' && !triple) {
            return 0;
        }
    }
    return 0;
}

/* True only if `f(` s `\n)` cannot be anything but a call with positional arguments, or an error. */
static bool plain_tokens(const char *s, size_t n) {
    char open[64];
    size_t depth = 0;
    bool before_quote = true; /* no f-string prefix right before */
    for (size_t i = 0; i < n;) {
        char c = s[i];
        if (word(c)) {
            size_t start = i;
            while (i < n && word(s[i])) i++;
            before_quote = i - start == 1 && strchr("rRbBuU", s[start]);
            continue;
        }
        if (c == '"' || c == '\'') {
            if (!before_quote || !(i = string_end(s, n, i))) return false;
            continue;
        }
        before_quote = true;
        i++;
        if (c == '(' || c == '[' || c == '{') {
            if (depth == sizeof open) return false;
            open[depth++] = c == '(' ? ')' : c == '[' ? ']' : '}';
        } else if (c == ')' || c == ']' || c == '}') {
            if (depth == 0 || open[--depth] != c) return false;
        } else if (!strchr(" \t\n,.:+-", c) || c == 0) {
            return false;
        }
    }
    return depth == 0;
}

static bool is_type(PyObject *node, PyObject *type) { return (PyObject *)Py_TYPE(node) == type; }

static bool refuse(const char *why) {
    PyErr_SetString(PyExc_SyntaxError, why);
    return false;
}

/* Looks at the tree of `_(` text `\n)`. */
static bool tree_is_call(PyObject *tree) {
    PyObject *body = PyObject_GetAttrString(tree, "body");
    PyObject *func = NULL, *args = NULL, *keywords = NULL;
    bool ok = false;
    if (!body) return false;
    if (!is_type(body, ast_call)) {
        refuse("not the inside of one call");
        goto out;
    }
    func = PyObject_GetAttrString(body, "func");
    args = PyObject_GetAttrString(body, "args");
    keywords = PyObject_GetAttrString(body, "keywords");
    if (!func || !args || !keywords) goto out;
    /* The text starts behind `_(`: a bare name as the callee is ours. */
    if (!is_type(func, ast_name)) {
        refuse("not the inside of one call");
        goto out;
    }
    if (PyList_GET_SIZE(keywords)) {
        refuse("keyword arguments are not allowed");
        goto out;
    }
    ok = true;
    for (Py_ssize_t i = 0; ok && i < PyList_GET_SIZE(args); i++)
        if (is_type(PyList_GET_ITEM(args, i), ast_starred))
            ok = refuse("starred arguments are not allowed");
out:
    Py_DECREF(body);
    Py_XDECREF(func);
    Py_XDECREF(args);
    Py_XDECREF(keywords);
    return ok;
}

PyObject *call_compile(PyObject *entry, PyObject *arguments) {
    Py_ssize_t n;
    const char *p = PyUnicode_AsUTF8AndSize(arguments, &n);
    if (!p) return NULL;
    if (!plain_tokens(p, (size_t)n)) {
        PyObject *probe = PyUnicode_FromFormat("_(%U\n)", arguments);
        PyObject *tree = probe ? compile_text(probe, "<call>", Py_eval_input, PyCF_ONLY_AST) : NULL;
        bool ok = tree && tree_is_call(tree);
        Py_XDECREF(tree);
        Py_XDECREF(probe);
        if (!ok) return NULL;
    }
    PyObject *source = PyUnicode_FromFormat("%U(%U\n)", entry, arguments);
    PyObject *code = source ? compile_text(source, "<call>", Py_eval_input, 0) : NULL;
    Py_XDECREF(source);
    return code;
}
