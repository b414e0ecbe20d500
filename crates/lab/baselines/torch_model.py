"""A small Llama in plain PyTorch, the model of both baselines: RMSNorm, RoPE, SwiGLU, tied embedding,
attention by scaled_dot_product_attention."""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F


def arguments(doc, **extra):
    parser = argparse.ArgumentParser(description=doc)
    options = {"threads": 1, "layers": 6, "hidden": 192, "heads": 4, "kv-heads": 4,
               "ff": 512, "vocab": 180}
    for name, default in {**options, **extra}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.weight, 1e-6)


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


class Layer(nn.Module):
    def __init__(self, hidden, heads, kv_heads, ff):
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads
        self.norm1, self.norm2 = RmsNorm(hidden), RmsNorm(hidden)
        self.qkv = nn.Linear(hidden, hidden * (heads + 2 * kv_heads) // heads, bias=False)
        self.o = nn.Linear(hidden, hidden, bias=False)
        self.gate_up = nn.Linear(hidden, 2 * ff, bias=False)
        self.down = nn.Linear(ff, hidden, bias=False)

    def forward(self, x, cos, sin, mask, cache=None, at=0):
        b, t, c = x.shape
        heads = (self.heads, self.kv_heads, self.kv_heads)
        qkv = self.qkv(self.norm1(x)).view(b, t, sum(heads), -1).transpose(1, 2)
        q, k, v = qkv.split(heads, 1)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            keys, values = cache
            keys[:, :, at:at + t], values[:, :, at:at + t] = k, v
            k, v = keys[:, :, :at + t], values[:, :, :at + t]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None,
                                           enable_gqa=self.heads != self.kv_heads)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, c))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Decoder(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.kv_heads, self.dim = options.kv_heads, options.hidden // options.heads
        self.embed = nn.Embedding(options.vocab, options.hidden)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.layers = nn.ModuleList(
            Layer(options.hidden, options.heads, options.kv_heads, options.ff)
            for _ in range(options.layers))
        self.norm = RmsNorm(options.hidden)
        freq = 1e4 ** (-torch.arange(0, self.dim, 2) / self.dim)
        angle = torch.outer(torch.arange(4096), freq).repeat(1, 2)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def forward(self, tokens):
        """Training: dense rows [B, T], causal."""
        t = tokens.shape[1]
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x, self.cos[:t], self.sin[:t], None)
        return F.linear(self.norm(x), self.embed.weight)

    def cache(self, rows, length):
        shape = (rows, self.kv_heads, length, self.dim)
        return [(torch.empty(shape), torch.empty(shape)) for _ in self.layers]

    def step(self, tokens, pad, cache, at):
        """Inference: tokens [B, T] at column `at` of left-padded rows; logits of the last one."""
        t = tokens.shape[1]
        columns = torch.arange(at + t)
        positions = (columns[at:] - pad[:, None]).clamp(min=0)
        cos, sin = self.cos[positions][:, None], self.sin[positions][:, None]
        seen = columns >= pad[:, None]
        mask = seen[:, None, None, :] & (columns <= columns[at:, None])
        # A padding row sees itself, so that its softmax is not empty.
        mask = mask | (columns == columns[at:, None])
        x = self.embed(tokens)
        for layer, kv in zip(self.layers, cache):
            x = layer(x, cos, sin, mask, kv, at)
        return F.linear(self.norm(x[:, -1:]), self.embed.weight)
