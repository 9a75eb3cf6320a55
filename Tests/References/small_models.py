"""Tiny random Llama and Qwen2 models of Transformers, and blocks of quantized numbers by gguf-py.

Run by hand: python Tests/References/small_models.py
Writes Tests/LanguageModelTests/Fixtures/small_models.json: for each model config.json, the bytes of its safetensors file
(base64) and the logits of a text; for each quantization random blocks (base64) and the floats that they stand for.
"""
import base64
import json
import pathlib

import gguf
import numpy
import safetensors.torch
import torch
import transformers

import model

OUT = pathlib.Path(__file__).resolve().parents[1] / "LanguageModelTests/Fixtures/small_models.json"
TEXT = [3, 17, 0, 47, 40, 41, 17, 17, 5, 46, 1, 33]
SIZES = dict(vocab_size=48, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2,
             num_key_value_heads=1, max_position_embeddings=32)


def small(name, kind, config, dtype):
    torch.manual_seed(7)
    net = kind(config).float().eval()
    with torch.no_grad():
        for key, weight in net.named_parameters():
            if "norm" in key:
                weight.copy_(1 + 0.2 * torch.randn_like(weight))
            else:
                weight.copy_(0.3 * torch.randn_like(weight))
            weight.copy_(weight.to(dtype).float())
        logits = net(torch.tensor([TEXT])).logits[0]
    skipped = {"lm_head.weight"} if config.tie_word_embeddings else set()
    state = {k: v.to(dtype).contiguous() for k, v in net.state_dict().items() if k not in skipped}
    return {
        "name": name, "config": json.loads(config.to_json_string(use_diff=False)), "tokens": TEXT,
        "weights": base64.b64encode(safetensors.torch.save(state)).decode(),
        "logits": [[round(float(v), 5) for v in row] for row in logits],
    }


def quantized(kind, blocks=3):
    """Random bytes whose scales are finite and of moderate size."""
    draw = numpy.random.default_rng(int(kind))
    size, width = gguf.GGML_QUANT_SIZES[kind]
    data = draw.integers(0, 256, (blocks, width), dtype=numpy.uint8)
    halves = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
    for place in halves[kind.name]:
        values = draw.normal(0, 0.05, blocks).astype(numpy.float16)
        data[:, place : place + 2] = values.view(numpy.uint8).reshape(blocks, 2)
    floats = gguf.quants.dequantize(data, kind).astype(numpy.float32).reshape(-1)
    return {"type": int(kind), "name": kind.name, "blocks": base64.b64encode(data.tobytes()).decode(),
            "bits": base64.b64encode(floats.astype("<f4").tobytes()).decode()}


def main():
    kinds = gguf.GGMLQuantizationType
    models = [
        small("llama, untied, wide heads", transformers.LlamaForCausalLM,
              transformers.LlamaConfig(**SIZES, head_dim=8, rms_norm_eps=1e-5, tie_word_embeddings=False, rope_theta=5000.0), torch.bfloat16),
        small("llama, tied", transformers.LlamaForCausalLM,
              transformers.LlamaConfig(**SIZES, rms_norm_eps=1e-6, tie_word_embeddings=True), torch.float16),
        small("qwen2", transformers.Qwen2ForCausalLM,
              transformers.Qwen2Config(**SIZES, rms_norm_eps=1e-6, tie_word_embeddings=False, rope_theta=1e6), torch.bfloat16),
    ]
    content = {
        "made-by": "Tests/References/small_models.py", "versions": model.versions(), "models": models,
        "quantized": [quantized(k) for k in (kinds.Q4_0, kinds.Q4_1, kinds.Q5_0, kinds.Q5_1, kinds.Q8_0, kinds.Q4_K, kinds.Q5_K, kinds.Q6_K)],
    }
    OUT.write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
