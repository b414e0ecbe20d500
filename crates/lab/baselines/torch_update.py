"""Baseline of `quaero bench`: forward, backward and AdamW in plain PyTorch.

The same shape of model as the engine's benchmark, dense rows of 128 tokens (no padding, which
flatters PyTorch: real rollouts are ragged), token log-probabilities weighted by an advantage.

usage: python torch_update.py [--threads N] [--hidden D] [--rows N] …     prints one JSON line
"""
import json
import time

import torch
import torch.nn.functional as F

from torch_model import Decoder, arguments


def main():
    options = arguments(__doc__, rows=32, tokens=128, repeats=5)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = Decoder(options)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    tokens = torch.randint(0, options.vocab, (options.rows, options.tokens + 1))
    advantage = torch.randn(options.rows, options.tokens)

    def step():
        logp = F.log_softmax(model(tokens[:, :-1]), -1)
        logp = logp.gather(-1, tokens[:, 1:, None])[..., 0]
        (-(logp * advantage).mean()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    step()
    seconds, cpu_seconds = [], []
    for _ in range(options.repeats):
        start, cpu_start = time.perf_counter(), time.process_time()
        step()
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)
    best, cpu_best, n_tokens = min(seconds), min(cpu_seconds), options.rows * options.tokens
    print(json.dumps({
        "peer": "torch", "bench": "update", "torch": torch.__version__,
        "threads": options.threads, "parameters": sum(p.numel() for p in model.parameters()),
        "tokens": n_tokens, "seconds": round(best, 4), "tokens_per_s": round(n_tokens / best, 1),
        "cpu_seconds": round(cpu_best, 4), "tokens_per_cpu_s": round(n_tokens / cpu_best, 1),
    }))


if __name__ == "__main__":
    main()
