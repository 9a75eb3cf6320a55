"""A Llama-family decoder in a few lines of PyTorch, in whichever floating type its weights have.

Imported by training.py. Transformers' own classes compute norms, softmax and rotary angles in float32 whatever the
weights' type, so autograd through them is not float64; this one is, and training.py holds it against them in float32.
Knows nothing of files, losses or optimizers. T is a text's tokens; names of weights are Transformers'.
"""
import torch

TARGETS = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
           "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]


class Decoder:
    def __init__(self, config, weights, adapter=None, scale=0.0, split=0):
        """weights: name -> tensor; adapter: module -> (A [rank, inputs], B [outputs, rank]), added with `scale`.

        Products sum their first `split` terms and the others apart: the same numbers with other roundings.
        """
        self.config, self.weights, self.adapter, self.scale, self.split = config, weights, adapter or {}, scale, split
        self.masks = None  # of dropout before A: has of(module, x), 0 or 1 / (1 - p) for each number of x

    def product(self, x, weight):
        if self.split == 0:
            return x @ weight.T
        return x[:, : self.split] @ weight[:, : self.split].T + x[:, self.split :] @ weight[:, self.split :].T

    def linear(self, module, x):
        y = self.product(x, self.weights[module + ".weight"])
        if module + ".bias" in self.weights:
            y = y + self.weights[module + ".bias"]
        if module in self.adapter:
            a, b = self.adapter[module]
            dropped = x if self.masks is None else x * self.masks.of(module, x)
            y = y + self.product(dropped, a) @ b.T * self.scale
        return y

    def norm(self, name, x):
        root = torch.rsqrt((x * x).mean(-1, keepdim=True) + self.config.rms_norm_eps)
        return x * root * self.weights[name + ".weight"]

    def rotate(self, x):
        """Halves of each head, turned by position * theta^(-2i / size): x is (heads, T, size)."""
        size = x.shape[-1]
        theta = self.config.rope_parameters["rope_theta"]
        exponents = torch.arange(0, size, 2, dtype=torch.float64) / size
        angles = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * theta ** -exponents
        cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        first, second = x[..., : size // 2], x[..., size // 2 :]
        return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1)

    def attention(self, module, x):
        c, length = self.config, x.shape[0]
        heads, shared = c.num_attention_heads, c.num_key_value_heads
        split = lambda y, count: y.reshape(length, count, -1).transpose(0, 1)
        query = self.rotate(split(self.linear(module + ".q_proj", x), heads))
        key = self.rotate(split(self.linear(module + ".k_proj", x), shared))
        value = split(self.linear(module + ".v_proj", x), shared)
        key = key.repeat_interleave(heads // shared, 0)
        value = value.repeat_interleave(heads // shared, 0)
        scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(future, float("-inf")).softmax(-1) @ value
        return self.linear(module + ".o_proj", mixed.transpose(0, 1).reshape(length, -1))

    def log_probabilities(self, tokens):
        """(T, V): ln p of every token of the vocabulary after each position."""
        x = self.weights["model.embed_tokens.weight"][torch.tensor(tokens)]
        for block in range(self.config.num_hidden_layers):
            name = f"model.layers.{block}."
            x = x + self.attention(name + "self_attn", self.norm(name + "input_layernorm", x))
            y = self.norm(name + "post_attention_layernorm", x)
            gated = torch.nn.functional.silu(self.linear(name + "mlp.gate_proj", y)) * self.linear(name + "mlp.up_proj", y)
            x = x + self.linear(name + "mlp.down_proj", gated)
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        return torch.log_softmax(self.norm("model.norm", x) @ head.T, -1)

    def response(self, prompt, response):
        """ln p of each token of the response after the prompt, and the means over the vocabulary there."""
        rows = self.log_probabilities(prompt + response)[len(prompt) - 1 : -1]
        return rows[torch.arange(len(response)), torch.tensor(response)], rows.mean(-1)
