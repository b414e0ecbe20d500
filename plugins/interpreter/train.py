"""What the profile of the interpreter is taken from (build.sh): small programs of the kinds that
self-play writes, none of which is measured by `quaero bench verify`. A native Python of the same
source runs them; needs builtin modules alone. Usage: python -S train.py ROUNDS
"""

import sys

PROGRAMS = [
    ("def f(xs):\n    n = len(xs)\n    xs = list(xs)\n    for i in range(n):\n        for j in range(n - i - 1):"
     "\n            if xs[j] > xs[j + 1]:\n                xs[j], xs[j + 1] = xs[j + 1], xs[j]\n    return xs\n",
     "[(i * 37) % 61 for i in range(40)]"),
    ("def f(s):\n    out = {}\n    for w in s.lower().split():\n        w = w.strip('.,;!?')\n"
     "        out[w] = out.get(w, 0) + 1\n    return sorted(out.items(), key=lambda p: (-p[1], p[0]))\n",
     "'The cat sat on the mat; the dog, the cat and a hat. ' * 6"),
    ("class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n"
     "        self.items.append(x)\n    def pop(self):\n        return self.items.pop()\n"
     "    @property\n    def empty(self):\n        return not self.items\n"
     "def f(s):\n    pairs, st = {')': '(', ']': '[', '}': '{'}, Stack()\n    for i, c in enumerate(s):\n"
     "        if c in '([{':\n            st.push((c, i))\n        elif c in pairs:\n"
     "            if st.empty or st.pop()[0] != pairs[c]:\n                return i\n    return st.empty\n",
     "'([]{()})' * 30"),
    ("def f(n):\n    def fib(k, memo={}):\n        if k < 2:\n            return k\n        if k not in memo:\n"
     "            memo[k] = fib(k - 1) + fib(k - 2)\n        return memo[k]\n"
     "    return [fib(i) for i in range(n)]\n", "60"),
    ("def f(n):\n    def go(k):\n        return 1 if k < 2 else go(k - 1) + go(k - 2)\n    return go(n)\n", "13"),
    ("def f(n):\n    def gen():\n        a = n\n        while a != 1:\n            yield a\n"
     "            a = a // 2 if a % 2 == 0 else 3 * a + 1\n    return max(gen()), sum(1 for _ in gen())\n", "97"),
    ("def f(a, b):\n    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]\n    for i, x in enumerate(a, 1):\n"
     "        for j, y in enumerate(b, 1):\n            if x == y:\n                best[i][j] = best[i - 1][j - 1] + 1\n"
     "            else:\n                best[i][j] = max(best[i - 1][j], best[i][j - 1])\n    return best[-1][-1]\n",
     "'abracadabra alakazam', 'abrakadabra alacasam'"),
    ("def f(grid):\n    seen, todo, dist = {(0, 0)}, [(0, 0, 0)], {}\n    while todo:\n        r, c, d = todo.pop(0)\n"
     "        dist[r, c] = d\n        for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0)):\n            p = (r + dr, c + dc)\n"
     "            if 0 <= p[0] < len(grid) and 0 <= p[1] < len(grid[0]) and p not in seen:\n"
     "                if not grid[p[0]][p[1]]:\n                    seen.add(p)\n                    todo.append((*p, d + 1))\n"
     "    return dist.get((len(grid) - 1, len(grid[0]) - 1), -1)\n",
     "[[(i * 5 + j * 3) % 7 == 1 for j in range(9)] for i in range(9)]"),
    ("def f(text, k):\n    def shift(c):\n        if 'a' <= c <= 'z':\n            return chr((ord(c) - 97 + k) % 26 + 97)\n"
     "        return c.upper() if c.isalpha() else c\n    t = ''.join(shift(c) for c in text)\n"
     "    return t[::-1].title(), t.replace('a', '@').count('@'), f'{t[:5]!r:>12}|{k:03d}|{k / 7:.4f}'\n",
     "'hello wonderful world of strings', 11"),
    ("def f(n):\n    total, primes = 0, []\n    for i in range(2, n):\n        for p in primes:\n"
     "            if p * p > i:\n                primes.append(i)\n                break\n            if i % p == 0:\n"
     "                break\n        else:\n            primes.append(i)\n    return len(primes), primes[-1]\n", "400"),
    ("def f(rows):\n    out = []\n    for row in rows:\n        try:\n            a, b = row.split('=')\n"
     "            out.append((a, int(b)))\n        except ValueError as e:\n            out.append((type(e).__name__, len(row)))\n"
     "        finally:\n            out.append(None)\n    return [x for x in out if x]\n",
     "['a=1', 'b=x', 'c', 'd=4=5', 'e=77'] * 5"),
    ("def f(n):\n    x, y = 0.5, 0.25\n    for i in range(n):\n        x = x * 3.7 * (1 - x) * 0.9 + y / 16 - int(x)\n"
     "        y = abs(x - y) ** 0.5\n    return round(x, 6), round(y, 6)\n", "150"),
    ("def f(n):\n    m = 2 ** 61 - 1\n    h = 7\n    for i in range(n):\n        h = (h * 1103515245 + i * i ^ (h >> 7)) % m\n"
     "        h |= i & 5\n    return h, bin(h).count('1'), hex(h)\n", "200"),
    ("from functools import reduce\nfrom itertools import permutations, groupby, chain\ndef f(xs):\n"
     "    best = min(permutations(xs[:5]), key=lambda p: sum(abs(a - b) for a, b in zip(p, p[1:])))\n"
     "    runs = [(k, len(list(g))) for k, g in groupby(sorted(x % 4 for x in xs))]\n"
     "    return best, runs, reduce(lambda a, b: a * 31 + b, xs), list(chain(*zip(xs, xs[1:])))[:6]\n",
     "[5, 3, 9, 1, 7, 2, 8]"),
    ("from collections import deque, defaultdict, Counter\ndef f(edges):\n    g = defaultdict(list)\n    deg = Counter()\n"
     "    for a, b in edges:\n        g[a].append(b)\n        deg[b] += 1\n    q = deque(sorted(n for n in g if not deg[n]))\n"
     "    order = []\n    while q:\n        n = q.popleft()\n        order.append(n)\n        for m in sorted(g.get(n, ())):\n"
     "            deg[m] -= 1\n            if deg[m] == 0:\n                q.append(m)\n    return order\n",
     "[(i, j) for i in range(9) for j in range(i + 1, 12) if (i + j) % 3 == 0]"),
    ("def f(d):\n    def walk(x, depth=0):\n        if isinstance(x, dict):\n            return {str(k): walk(v, depth + 1) for k, v in x.items()}\n"
     "        if isinstance(x, (list, tuple)):\n            return [walk(v, depth + 1) for v in x]\n"
     "        return x if x is not None else depth\n    return walk(d)\n",
     "{'a': [1, 2, {'b': (3, None)}], 4: {'c': [[], [None]]}, 'z': 'q'}"),
    ("def f(n):\n    board, count = [], 0\n    def place(r):\n        nonlocal count\n        if r == n:\n            count += 1\n"
     "            return\n        for c in range(n):\n            if all(c != d and r - i != abs(c - d) for i, d in enumerate(board)):\n"
     "                board.append(c)\n                place(r + 1)\n                board.pop()\n    place(0)\n    return count\n", "5"),
    ("class V:\n    __slots__ = ('x', 'y')\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n"
     "    def __add__(self, o):\n        return V(self.x + o.x, self.y + o.y)\n    def __eq__(self, o):\n"
     "        return (self.x, self.y) == (o.x, o.y)\n    def __repr__(self):\n        return f'V({self.x}, {self.y})'\n"
     "def f(n):\n    v = V(0, 1)\n    for i in range(n):\n        v = v + V(i, -i)\n    return repr(v), v == V(0, 1)\n", "60"),
    ("def f(s):\n    stack, out = [], []\n    prec = {'+': 1, '-': 1, '*': 2, '/': 2}\n    for t in s.split():\n"
     "        if t.isdigit():\n            out.append(t)\n        elif t == '(':\n            stack.append(t)\n"
     "        elif t == ')':\n            while stack[-1] != '(':\n                out.append(stack.pop())\n            stack.pop()\n"
     "        else:\n            while stack and prec.get(stack[-1], 0) >= prec[t]:\n                out.append(stack.pop())\n"
     "            stack.append(t)\n    return ' '.join(out + stack[::-1])\n", "'3 + 4 * ( 2 - 1 ) / 5 + 9 * 8'"),
    ("def f(xs):\n    if not xs:\n        return []\n    p, rest = xs[0], xs[1:]\n"
     "    return f([x for x in rest if x < p]) + [p] + f([x for x in rest if x >= p])\n",
     "[(i * 73 + 11) % 101 for i in range(30)]"),
    ("import re\ndef f(s):\n    words = re.findall(r'[a-z]+', s)\n    return re.sub(r'(\\d+)', lambda m: str(int(m[1]) * 2), s), "
     "len(words), bool(re.search(r'x\\d{2,}', s))\n", "'ab12 x345 cd6,ef' * 3"),
]


class Mute:
    """Swallows what is printed."""

    def write(self, text):
        return len(text)

    def flush(self):
        pass


def once(program: str, call: str) -> str:
    code = compile(program, "<program>", "exec")
    first = None
    for _ in range(2):
        names = {"__name__": "__program__"}
        exec(code, names)
        value = repr(eval(compile(f"f({call}\n)", "<call>", "eval"), names))
        first = first or value
    assert first == value
    return value


def main() -> None:
    shown, sys.stdout = sys.stdout, Mute()
    n = 0
    for _ in range(int(sys.argv[1])):
        for program, call in PROGRAMS:
            n += len(once(program, call))
    sys.stdout = shown
    print(f"{len(PROGRAMS)} programs, {n} characters of values")


if __name__ == "__main__":
    main()
