"""Runs the family's test programs in real CPython: one forked child a job. Trusted cases only.

Reads a JSON list of jobs on stdin, writes a JSON list of outcomes; both as `cpython.rs` has them.
Mirrors plugins/interpreter/PROTOCOL.md as far as the tests need it.
"""
import ast
import json
import os
import resource
import signal
import sys

PLAIN = (type(None), bool, int, float, complex, str, bytes)


class TooLarge(Exception):
    pass


class NotPlain(Exception):
    pass


def canonical(value, depth=0):
    kind = type(value)
    if depth > 50:
        raise TooLarge
    if kind in PLAIN:
        return repr(value)
    inner = lambda items: [canonical(item, depth + 1) for item in items]
    if kind is list:
        return "[" + ", ".join(inner(value)) + "]"
    if kind is tuple:
        return "(" + ", ".join(inner(value)) + ("," if len(value) == 1 else "") + ")"
    if kind is dict:
        pairs = zip(inner(value.keys()), inner(value.values()))
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    if kind in (set, frozenset):
        items = ", ".join(sorted(inner(value)))
        body = "{" + items + "}" if items else ""
        return body or "set()" if kind is set else f"frozenset({body})"
    raise NotPlain(kind.__name__)


def inside_of_a_call(text):
    try:
        tree = ast.parse(f"f({text}\n)", mode="eval").body
    except (SyntaxError, ValueError) as error:
        return str(error)
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        return "closes the call"
    if tree.keywords or any(isinstance(arg, ast.Starred) for arg in tree.args):
        return "keyword or unpacked argument"
    return None


def one(code, entry, text, limit):
    space = {"__name__": "__program__"}
    try:
        exec(code, space)
    except BaseException as error:
        return {"load_raised": [type(error).__name__, str(error)]}
    try:
        value = eval(f"{entry}({text}\n)", space)
    except BaseException as error:
        return {"raised": [type(error).__name__, str(error)]}
    try:
        shown = canonical(value)
    except NotPlain as error:
        return {"not_plain": str(error)}
    except (TooLarge, ValueError):
        return {"too_large": None}
    return {"too_large": None} if len(shown.encode()) > limit else {"value": shown}


def identity(answer):
    (name, value), = answer.items()
    return (name, value[0] if name.endswith("raised") else value)


def outcome(job):
    try:
        code = compile(job["program"], "<program>", "exec")
    except (SyntaxError, ValueError) as error:
        return {"syntax": f"{type(error).__name__}: {error}"}
    answers = []
    for text in job["calls"]:
        why = inside_of_a_call(text)
        if why:
            answers.append({"bad_arguments": why})
            continue
        runs = [one(code, job["entry"], text, job["value_bytes_max"]) for _ in range(job["runs"])]
        if "load_raised" in runs[0]:
            return runs[0]
        agree = len({json.dumps(identity(run)) for run in runs}) == 1
        answers.append(runs[0] if agree else {"nondeterministic": None})
    return {"done": answers}


def in_child(job):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        sys.stdout = sys.stderr = open(os.devnull, "w")
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        signal.setitimer(signal.ITIMER_REAL, job["deadline_ms"] / 1000)
        os.write(writer, json.dumps(outcome(job)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        reply = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        timeout = os.WTERMSIG(status) == signal.SIGALRM
        return {"timeout": None} if timeout else {"crashed": f"signal {os.WTERMSIG(status)}"}
    return json.loads(reply) if reply else {"crashed": f"exit {os.WEXITSTATUS(status)}"}


json.dump([in_child(job) for job in json.load(sys.stdin)], sys.stdout)
