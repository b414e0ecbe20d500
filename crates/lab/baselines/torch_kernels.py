"""PyTorch at the shapes of `quaero bench kernels`: times by CUDA events, one JSON object on stdout.

    python torch_kernels.py CASES.json     times each case: the fastest of what PyTorch offers
    python torch_kernels.py --bits         whether rows of cuBLAS products keep their bits over M

CASES.json: [{"name": ..., "op": ..., "dims": {...}, "bytes": ...}]. A case that fails gets an
"error" in its place. Inputs are random and rotate through more memory than the L2 cache holds.
Eager calls come first, for every case; then what torch.compile makes, while the budget lasts.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
START = time.monotonic()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

N_TIMED, GROUP_US = 30, 60.0
BF16, F32 = torch.bfloat16, torch.float32
DEVICE = "cuda"


def halves(*shape):
    return torch.randn(shape, device=DEVICE, dtype=F32).to(BF16)


def floats(*shape):
    return torch.randn(shape, device=DEVICE, dtype=F32)


def below(n, *shape):
    return torch.randint(n, shape, device=DEVICE)


# --- the operations, each as formulas that torch.compile can take ---------------------------------


def rms_norm(x, w):
    return F.rms_norm(x, (x.shape[-1],), w, 1e-6)


def add_rms_norm(x, r, w):
    h = x + r
    x.copy_(h)
    return F.rms_norm(h, (x.shape[-1],), w, 1e-6)


def rms_norm_grad(x, w, rstd, dy):
    xf, dyf = x.float(), dy.float()
    xhat = xf * rstd[:, None]
    g = dyf * w.float()
    dx = rstd[:, None] * (g - xhat * (g * xhat).mean(-1, keepdim=True))
    return dx.to(BF16), (dyf * xhat).sum(0)


def swiglu(gate_up):
    gate, up = gate_up.chunk(2, -1)
    return F.silu(gate) * up


def swiglu_grad(gate_up, dy):
    gate, up = (x.float() for x in gate_up.chunk(2, -1))
    dy, s = dy.float(), torch.sigmoid(gate)
    dgate = dy * up * s * (1 + gate * (1 - s))
    gate_up.copy_(torch.cat([dgate, dy * gate * s], -1))


def turned(x, cos, sin):
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(BF16)


def rope_kv(qkv, cos, sin, at, page, place, keys, values, h, k, d):
    rows = qkv.view(qkv.shape[0], h + 2 * k, d)
    c, s = cos[at][:, None], sin[at][:, None]
    rows[:, : h + k] = turned(rows[:, : h + k], c, s)
    keys[page, :, place] = rows[:, h : h + k]
    values[page, :, place] = rows[:, h + k :]


def rope_grad(qkv, cos, sin, at, h, k, d):
    rows = qkv.view(qkv.shape[0], h + 2 * k, d)
    rows[:, : h + k] = turned(rows[:, : h + k], cos[at][:, None], -sin[at][:, None])


def logp_entropy(logits, target):
    logp = torch.log_softmax(logits, -1)
    return logp.gather(1, target[:, None])[:, 0], -(logp.exp() * logp).sum(-1)


def head_grad(logits, target, dlogp, dentropy):
    logp = torch.log_softmax(logits, -1)
    p = logp.exp()
    entropy = -(p * logp).sum(-1, keepdim=True)
    hot = torch.arange(logits.shape[1], device=logits.device)[None] == target[:, None]
    d = dlogp[:, None] * (hot.float() - p) - dentropy[:, None] * p * (logp + entropy)
    return d.to(BF16)


def policy_loss(logits, target, old, advantage, scale):
    logp, entropy = logp_entropy(logits, target)
    ratio = torch.exp(logp - old)
    clipped = ratio.clamp(0.8, 1.28)
    binds = torch.where(advantage > 0, ratio > 1.28, ratio < 0.8)
    loss = -torch.minimum(ratio * advantage, clipped * advantage) * scale
    dlogp = torch.where(binds, torch.zeros_like(ratio), -ratio * advantage) * scale
    return loss, logp, entropy, head_grad(logits, target, dlogp, -0.001 * scale)


def gumbel(logits):
    noise = torch.rand_like(logits)
    token = (logits - torch.log(-torch.log(noise))).argmax(-1)
    return token, torch.log_softmax(logits, -1).gather(1, token[:, None])


# --- cases: op -> how -> (compiled?, maker of one set: a closure that launches) -------------------


def rows_cases(d):
    r, c = d.get("R"), d.get("C")

    def norm():
        x, w = halves(r, c), halves(c)
        return lambda f: f(x, w)

    def added():
        x, y, w = halves(r, c), halves(r, c), halves(c)
        return lambda f: f(x, y, w)

    def grads():
        x, w, dy = halves(r, c), halves(c), halves(r, c)
        rstd = torch.rsqrt(x.float().square().mean(-1) + 1e-6)
        return lambda f: f(x, w, rstd, dy)

    def autograd():
        x, w, dy = halves(r, c).requires_grad_(), halves(c).requires_grad_(), halves(r, c)
        y = rms_norm(x, w)
        return lambda _: torch.autograd.grad(y, (x, w), dy, retain_graph=True)

    def bias():
        dx, to = halves(r, c), floats(c)
        return lambda _: to.add_(dx.sum(0, dtype=F32))

    return {
        "rms_norm_fwd": [("F.rms_norm", None, norm), ("compiled", rms_norm, norm)],
        "add_rms_norm_fwd": [("add, F.rms_norm", add_rms_norm, added)],
        "rms_norm_bwd": [("autograd", None, autograd), ("compiled", rms_norm_grad, grads)],
        "bias_bwd": [("sum", None, bias)],
    }


EAGER = {"rms_norm_fwd": rms_norm, "add_rms_norm_fwd": add_rms_norm}


def rotation_cases(d):
    r, h, k, dim = (d.get(name) for name in ("R", "H", "K", "D"))

    def setup():
        qkv, cos, sin = halves(r, (h + 2 * k) * dim), floats(4096, dim // 2), floats(4096, dim // 2)
        at = torch.arange(r, device=DEVICE) % 4096
        slot = torch.arange(r, device=DEVICE)
        pages = r // 64 + 1
        keys, values = (torch.zeros(pages, k, 64, dim, device=DEVICE, dtype=BF16) for _ in "kv")
        return qkv, cos, sin, at, slot // 64, slot % 64, keys, values

    def forward():
        all_of = setup()
        return lambda f: f(*all_of, h, k, dim)

    def backward():
        qkv, cos, sin, at = setup()[:4]
        return lambda f: f(qkv, cos, sin, at, h, k, dim)

    def copies():
        n, e = d["pages"], d["E"]
        parts = [halves(2 * n, e) for _ in "kv"]
        source = torch.arange(0, 2 * n, 2, device=DEVICE)

        def run(_):
            for part in parts:
                part.index_copy_(0, source + 1, part.index_select(0, source))

        return run

    return {
        "rope_kv_fwd": [("eager", rope_kv, forward), ("compiled", rope_kv, forward)],
        "rope_bwd": [("eager", rope_grad, backward), ("compiled", rope_grad, backward)],
        "copy_slots": [("index_select, index_copy_", None, copies)],
    }


def element_cases(d):
    r, f, c, v, n = (d.get(name) for name in ("R", "F", "C", "V", "n"))

    def gate():
        x = halves(r, 2 * f)
        return lambda g: g(x)

    def gate_grad():
        x, dy = halves(r, 2 * f), halves(r, f)
        return lambda g: g(x, dy)

    def embed():
        table, tokens = halves(v, c), below(v, r)
        return lambda _: F.embedding(tokens, table)

    def dense():
        dy, tokens = halves(r, c), below(v, r)
        return lambda _: torch.ops.aten.embedding_dense_backward(dy, tokens, v, -1, False)

    def index_add():
        table, dy, tokens = floats(v, c), halves(r, c), below(v, r)
        return lambda _: table.index_add_(0, tokens, dy.float())

    def cast(dtype, to):
        x = floats(n).to(dtype)
        return lambda _: x.to(to)

    def add():
        x, y = halves(n), halves(n)
        return lambda _: y.add_(x)

    return {
        "swiglu_fwd": [("eager", swiglu, gate), ("compiled", swiglu, gate)],
        "swiglu_bwd": [("eager", swiglu_grad, gate_grad), ("compiled", swiglu_grad, gate_grad)],
        "embedding_fwd": [("F.embedding", None, embed)],
        "embedding_bwd": [("dense backward", None, dense), ("index_add_", None, index_add)],
        "cast_f32_bf16": [("to", None, lambda: cast(F32, BF16))],
        "cast_bf16_f32": [("to", None, lambda: cast(BF16, F32))],
        "add_bf16": [("add_", None, add)],
    }


def gemm_cases(d):
    m, n, k = (d.get(name) for name in ("M", "N", "K"))

    def operands():
        if d["layout"] == 0:
            return halves(m, k), halves(n, k).T
        if d["layout"] == 1:
            return halves(m, k), halves(k, n)
        return halves(k, m).T, halves(k, n)

    def plain():
        a, b = operands()
        return lambda _: torch.mm(a, b)

    def wide():
        a, b = operands()
        return lambda _: torch.mm(a, b, out_dtype=F32)

    def added():
        (a, b), c = operands(), floats(m, n)
        return lambda _: c.add_(torch.mm(a, b, out_dtype=F32))

    def fused():
        (a, b), c = operands(), floats(m, n)
        return lambda _: torch.addmm(c, a, b, out_dtype=F32)

    if d.get("add"):
        return [("cuBLAS f32, add_", None, added), ("addmm f32", None, fused)]
    if d.get("f32"):
        return [("cuBLAS f32", None, wide), ("cuBLAS into bf16", None, plain)]
    return [("cuBLAS", None, plain)]


def attention_cases(d):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    h, k, dim, t = (d.get(name) for name in ("H", "K", "D", "T"))

    def packed():
        qkv = halves(d["S"], t, h + 2 * k, dim).transpose(1, 2)
        return [x.requires_grad_() for x in (qkv[:, :h], qkv[:, h : h + k], qkv[:, h + k :])]

    def forward(backend):
        def make():
            q, kk, v = (x.detach() for x in packed())

            def run(_):
                with sdpa_kernel(backend):
                    F.scaled_dot_product_attention(q, kk, v, is_causal=True, enable_gqa=True)

            return run

        return make

    def backward(backend):
        def make():
            q, kk, v = packed()
            with sdpa_kernel(backend):
                out = F.scaled_dot_product_attention(q, kk, v, is_causal=True, enable_gqa=True)
            dout = torch.randn_like(out)

            def run(_):
                with sdpa_kernel(backend):
                    torch.autograd.grad(out, (q, kk, v), dout, retain_graph=True)

            return run

        return make

    def decode(backend):
        def make():
            q = halves(d["B"], h, 1, dim)
            kk, v = halves(d["B"], k, t, dim), halves(d["B"], k, t, dim)

            def run(_):
                with sdpa_kernel(backend):
                    F.scaled_dot_product_attention(q, kk, v, enable_gqa=True)

            return run

        return make

    flash, cudnn = SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION
    dense = "over dense keys"
    return {
        "attention_fwd": [("flash", None, forward(flash)), ("cuDNN", None, forward(cudnn))],
        "attention_bwd": [("flash", None, backward(flash)), ("cuDNN", None, backward(cudnn))],
        "attention_decode": [
            (f"flash {dense}", None, decode(flash)),
            (f"cuDNN {dense}", None, decode(cudnn)),
        ],
    }


def head_cases(d):
    r, v, c = (d.get(name) for name in ("R", "V", "C"))

    def logits_target():
        logits, target = floats(r, v), below(v, r)
        return lambda f: f(logits, target)

    def entropy_less():
        logits, target = floats(r, v), below(v, r)
        return lambda _: F.cross_entropy(logits, target, reduction="none")

    def grads():
        all_of = floats(r, v), below(v, r), floats(r), floats(r)
        return lambda f: f(*all_of)

    def loss():
        all_of = floats(r, v), below(v, r), floats(r) - 12, floats(r), floats(r).abs()
        return lambda f: f(*all_of)

    def whole():
        h, w, target = halves(r, c).requires_grad_(), halves(v, c).requires_grad_(), below(v, r)

        def run(_):
            cross = F.cross_entropy((h @ w.T).float(), target)
            torch.autograd.grad(cross, (h, w))

        return run

    def draw():
        logits = floats(r, v)
        return lambda f: f(logits)

    def multinomial():
        logits = floats(r, v)

        def run(_):
            p = torch.softmax(logits, -1)
            token = torch.multinomial(p, 1)
            p.gather(1, token).log()

        return run

    def cut():
        logits = floats(r, v)

        def run(_):
            top, ids = torch.topk(logits, 50, -1)
            p = torch.softmax(top, -1)
            p = p.masked_fill(p.cumsum(-1) - p > 0.95, 0)
            ids.gather(1, torch.multinomial(p, 1))

        return run

    return {
        "head_logp_fwd": [
            ("cross_entropy, no entropy", None, entropy_less),
            ("compiled", logp_entropy, logits_target),
        ],
        "head_logp_bwd": [("eager", head_grad, grads), ("compiled", head_grad, grads)],
        "policy_loss": [("eager", policy_loss, loss), ("compiled", policy_loss, loss)],
        "head_and_loss": [("cross_entropy(float(h @ w.T)), autograd", None, whole)],
        "sample": [("softmax, multinomial", None, multinomial), ("compiled", gumbel, draw)],
        "sample_cut": [("topk 50, multinomial", None, cut)],
    }


def optimiser_cases(d):
    n = d["n"]

    def adamw():
        p, copy = torch.nn.Parameter(floats(n)), halves(n)
        p.grad = floats(n)
        step = torch.optim.AdamW([p], lr=1e-6, betas=(0.9, 0.95), weight_decay=0.0, fused=True)

        def run(_):
            step.step()
            copy.copy_(p.detach())

        return run

    def norm():
        g = floats(n)
        return lambda _: torch.linalg.vector_norm(g)

    return {
        "adamw": [("fused AdamW, copy to bf16", None, adamw)],
        "grad_norm": [("vector_norm", None, norm)],
    }


def variants(op, dims):
    if op.startswith("gemm"):
        return gemm_cases(dims)
    if op.startswith("attention"):
        return attention_cases(dims)[op]
    if op in ("adamw", "grad_norm"):
        return optimiser_cases(dims)[op]
    for group in (rows_cases, rotation_cases, element_cases, head_cases):
        found = group(dims)
        if op in found:
            return found[op]
    return []


# --- time -----------------------------------------------------------------------------------------


class Clock:
    """Medians by the device's events; by the wall's clock where the device is the CPU."""

    def __init__(self):
        self.gpu = DEVICE == "cuda"
        self.l2 = torch.cuda.get_device_properties(0).L2_cache_size if self.gpu else 0
        self.scratch = torch.empty(1 << 28 if self.gpu else 8, dtype=torch.uint8, device=DEVICE)

    def times(self, launches, n, group=1):
        if not self.gpu:
            start = time.perf_counter()
            launches[0]()
            return [1e6 * (time.perf_counter() - start)]
        marks = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(n)]
        for _ in range(12):
            self.scratch.zero_()
        at = 0
        for before, after in marks:
            before.record()
            for _ in range(group):
                at = (at + 1) % len(launches)
                launches[at]()
            after.record()
        torch.cuda.synchronize()
        return [1e3 * before.elapsed_time(after) / group for before, after in marks]

    def us(self, make, function, n_bytes):
        n_sets = min(max(math.ceil(3 * self.l2 / max(n_bytes, 1)), 1), 16)
        sets = [make() for _ in range(n_sets)]
        launches = [lambda run=run: run(function) for run in sets]
        warm = statistics.median(self.times(launches, 3 + n_sets))
        group = min(max(math.ceil(GROUP_US / max(warm, 1e-3)), 1), 20)
        return min(statistics.median(self.times(launches, N_TIMED, group)) for _ in range(2))


def ceilings(clock):
    n = 8192 if clock.gpu else 64
    a, b, c = halves(n, n), halves(n, n), torch.empty(n, n, device=DEVICE, dtype=BF16)
    product = clock.us(lambda: lambda _: torch.mm(a, b.T, out=c), None, 3 * 2 * n * n)
    n_bytes = 1 << 30 if clock.gpu else 1 << 12
    x = torch.randint(255, (n_bytes,), device=DEVICE, dtype=torch.uint8)
    y = torch.empty_like(x)
    copy = clock.us(lambda: lambda _: y.copy_(x), None, 2 * n_bytes)
    return {"copy_gb_s": 2 * n_bytes / copy / 1e3, "matmul_tflop_s": 2 * n**3 / product / 1e6}


def left(budget):
    return budget - (time.monotonic() - START)


def timed(cases, budget):
    clock, found = Clock(), {}
    top = ceilings(clock)
    late = []
    for case in cases:
        name, op, dims = case["name"], case["op"], case["dims"]
        try:
            offered = variants(op, dims)
        except Exception as error:  # a missing backend costs its case alone
            found[name] = {"error": f"{type(error).__name__}: {error}"[:200]}
            continue
        for how, function, make in offered:
            if how == "compiled":
                late.append((case, how, function, make))
            elif left(budget) > 1:
                function = function or EAGER.get(op)
                attempt(found, clock, case, how, function, make)
    for case, how, function, make in late:
        if left(budget) < 8:
            break
        compiled = torch.compile(function, dynamic=False)
        attempt(found, clock, case, how, compiled, make)
    return {"ceilings": top, "cases": found}


def attempt(found, clock, case, how, function, make):
    name = case["name"]
    try:
        us = clock.us(make, function, case.get("bytes", 0))
    except Exception as error:
        found.setdefault(name, {"error": f"{how}: {type(error).__name__}: {error}"[:200]})
        return
    finally:
        if clock.gpu:
            torch.cuda.empty_cache()
    if "us" not in found.get(name, {}) or us < found[name]["us"]:
        found[name] = {"us": us, "how": how}


# --- bits -----------------------------------------------------------------------------------------


def bits():
    """Of a product of 4096 rows: which smaller products give their rows other bits."""
    shapes = [(2048, 2048), (4096, 2048), (896, 896), (896, 4864)]
    rows = [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 192, 255]
    rows += [256, 257, 384, 512, 640, 768, 1000, 1024, 1536, 2048, 3072, 4095]
    rows_max = 4096
    if DEVICE == "cpu":
        shapes, rows, rows_max = [(64, 32)], [1, 2, 3], 8
    outcomes = []
    for n, k in shapes:
        a, b = halves(rows_max, k), halves(n, k)
        whole = torch.mm(a, b.T)
        different = [m for m in rows if not torch.equal(torch.mm(a[:m], b.T), whole[:m])]
        again = torch.equal(torch.mm(a, b.T), whole)
        outcomes.append({"n": n, "k": k, "n_compared": len(rows), "different": different,
                         "repeats": again})
    return {"bits": outcomes}


def main():
    global DEVICE
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="?")
    parser.add_argument("--bits", action="store_true")
    parser.add_argument("--budget", type=float, default=55.0)
    parser.add_argument("--device", default="cuda")
    args = parser.parse_args()
    DEVICE = args.device
    if DEVICE == "cuda" and not torch.cuda.is_available():
        sys.exit(f"torch {torch.__version__} sees no GPU")
    torch.manual_seed(1)
    if args.bits:
        said = bits()
    else:
        with open(args.cases) as file:
            said = timed(json.load(file), args.budget)
    said["torch"] = torch.__version__
    said["device"] = torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu"
    said["seconds"] = round(time.monotonic() - START, 1)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
