"""The reference model and tokenizer, built from one GGUF file with gguf-py, Transformers, and tokenizers.

Imported by the other scripts of this folder. Needs: pip install torch transformers tokenizers gguf numpy
The GGUF's weights are dequantized to float32 by gguf-py; query and key rows are permuted back from adjacent-pair to
half-split rotary order, as Hugging Face stores them. The tokenizer is the published one's pipeline (isolate digits,
byte-level BPE, no unknown token) over the vocabulary and merges of the file.
"""
import sys

import gguf
import numpy
import tokenizers
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers


def versions():
    return {
        "tokenizers": tokenizers.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "gguf": "0.19.0",
        "python": sys.version.split()[0],
    }


def field(reader, key):
    return reader.fields[key].contents()


def load_tokenizer(path):
    reader = gguf.GGUFReader(path)
    tokens = field(reader, "tokenizer.ggml.tokens")
    kinds = field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(line.split(" ")) for line in field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t, k in zip(tokens, kinds) if k == 3])
    assert tokenizer.get_vocab_size() == len(tokens)
    return tokenizer, field(reader, "tokenizer.chat_template")


def unpermute(weight, heads):
    """From adjacent pairs (2i, 2i+1) to halves (i, i + size / 2), row-wise within each head."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def load_model(path):
    reader = gguf.GGUFReader(path)
    get = lambda key: field(reader, "llama." + key)
    heads, kv_heads = get("attention.head_count"), get("attention.head_count_kv")
    config = transformers.LlamaConfig(
        vocab_size=get("vocab_size"), hidden_size=get("embedding_length"), intermediate_size=get("feed_forward_length"),
        num_hidden_layers=get("block_count"), num_attention_heads=heads, num_key_value_heads=kv_heads,
        max_position_embeddings=get("context_length"), rms_norm_eps=1e-5, tie_word_embeddings=True,
        rope_theta=get("rope.freq_base"), bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )
    names = {
        "token_embd": "model.embed_tokens", "output_norm": "model.norm", "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    }
    state = {}
    for tensor in reader.tensors:
        weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        parts = tensor.name.split(".")
        name = names[parts[-2]]
        if parts[0] == "blk":
            name = f"model.layers.{parts[1]}.{name}"
        if parts[-2] in ("attn_q", "attn_k"):
            weight = unpermute(weight, heads if parts[-2] == "attn_q" else kv_heads)
        state[name + ".weight"] = torch.from_numpy(numpy.ascontiguousarray(weight))
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model = transformers.LlamaForCausalLM(config).float().eval()
    model.load_state_dict(state, strict=True)
    model.tie_weights()
    theta = getattr(model.config, "rope_parameters", None) or {"rope_theta": model.config.rope_theta}
    assert theta["rope_theta"] == get("rope.freq_base"), theta
    return model


def log_probabilities(model, ids):
    """Float64 log-softmax of float32 logits: (T, V)."""
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    return logits, torch.log_softmax(logits.double(), -1)
