"""Baseline of `quaero bench`: batched sampling with a KV cache in plain PyTorch.

The same shape of model and the same work as the engine's rollout benchmark: prompts of 40 to 80
tokens, each continued by 8 samples of 20 to 60 new tokens, 512 sequences in all, temperature 1.
It is written to be fast: prompts are read once per group and their cache repeated, the cache is
allocated once, sequences are left-padded so that every step is one dense batch, finished ones are
dropped from the batch, attention is scaled_dot_product_attention.

usage: python torch_rollout.py [--threads N] [--hidden D] [--repeats N] …     prints one JSON line
"""
import argparse
import json
import time

import torch
import torch.nn.functional as F

from torch_model import Decoder, arguments


def lengths(n, lo, hi, salt):
    """The lengths of the engine's benchmark: spread evenly, in a scrambled order."""
    return [lo + ((i * 7919 + salt) % 1009) * (hi - lo + 1) // 1009 for i in range(n)]


@torch.inference_mode()
def rollout(model, options):
    n_groups = options.sequences // options.group
    prompt_lens = lengths(n_groups, 40, 80, 0)
    # One length for the samples of a group, the mean of their draws, as in the engine's benchmark.
    drawn = torch.tensor(lengths(options.sequences, 20, 60, 17)).view(n_groups, -1)
    new_lens = (drawn.sum(1) // options.group).repeat_interleave(options.group)
    width, n_new = max(prompt_lens), int(new_lens.max())
    generator = torch.Generator().manual_seed(1)
    prompts = torch.zeros(n_groups, width, dtype=torch.long)
    pad = torch.tensor([width - n for n in prompt_lens])
    for i, n in enumerate(prompt_lens):
        prompts[i, width - n:] = torch.randint(0, options.vocab, (n,), generator=generator)
    # Prompts once per group, then repeated for its samples.
    cache = model.cache(n_groups, width)
    logits = model.step(prompts, pad, cache, 0)[:, -1]
    group = options.group
    big = [(torch.empty(options.sequences, *k.shape[1:2], width + n_new, k.shape[3]),
            torch.empty(options.sequences, *v.shape[1:2], width + n_new, v.shape[3]))
           for k, v in cache]
    for (k, v), (bk, bv) in zip(cache, big):
        bk[:, :, :width] = k.repeat_interleave(group, 0)
        bv[:, :, :width] = v.repeat_interleave(group, 0)
    cache, pad = big, pad.repeat_interleave(group)
    logits = logits.repeat_interleave(group, 0)
    left, n_computed, logps = new_lens.clone(), 0, []
    for t in range(n_new):
        logp = F.log_softmax(logits, -1)
        token = torch.multinomial(logp.exp(), 1)
        logps.append(logp.gather(1, token))
        n_computed += len(token)
        left = left - 1
        keep = left > 0
        if not keep.any():
            break
        # Dropping rows copies the cache, so it is done when a quarter of them has finished.
        if t % 8 == 7 and keep.float().mean() < 0.75:
            cache = [(k[keep], v[keep]) for k, v in cache]
            token, pad, left = token[keep], pad[keep], left[keep]
        logits = model.step(token, pad, cache, width + t)[:, -1]
    return int(new_lens.sum()), sum(prompt_lens), n_computed


def main():
    options = arguments(__doc__, sequences=512, group=8, repeats=3)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = Decoder(options).eval()
    rollout(model, options)
    seconds, cpu_seconds = [], []
    for _ in range(options.repeats):
        start, cpu_start = time.perf_counter(), time.process_time()
        new, prompt, computed = rollout(model, options)
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)
    best, cpu_best = min(seconds), min(cpu_seconds)
    print(json.dumps({
        "peer": "torch", "bench": "rollout", "torch": torch.__version__,
        "threads": options.threads, "parameters": sum(p.numel() for p in model.parameters()),
        "new_tokens": new, "prompt_tokens": prompt, "rows_computed": computed,
        "seconds": round(best, 4), "new_tokens_per_s": round(new / best, 1),
        "cpu_seconds": round(cpu_best, 4), "new_tokens_per_cpu_s": round(new / cpu_best, 1),
    }))


if __name__ == "__main__":
    main()
