"""Masks of dropout in adapters, by the addresses that Sources/LanguageModel/Training/Dropout.swift describes.

Imported by training.py. Knows Threefry-4x64 with 20 rounds (Salmon et al., SC 2011) and nothing of models.
"""
import numpy
import torch

# The numbers of tensors in addresses.
NUMBERS = {"self_attn.q_proj": 2, "self_attn.k_proj": 3, "self_attn.v_proj": 4, "self_attn.o_proj": 8,
           "mlp.gate_proj": 10, "mlp.up_proj": 11, "mlp.down_proj": 12}
PURPOSE = 10
TURNS = [(14, 16), (52, 57), (23, 40), (5, 37), (25, 33), (46, 12), (58, 22), (32, 32)]


def threefry(key, counter):
    """Four arrays of 64-bit words; every part of key and counter is one, too, or a number."""
    word = lambda value: numpy.asarray(value, dtype=numpy.uint64)
    key = [word(k) for k in key]
    key.append(word(0x1BD11BDAA9FC1A22) ^ key[0] ^ key[1] ^ key[2] ^ key[3])
    x = [word(c) + k for c, k in zip(counter, key)]
    for number in range(20):
        turns = TURNS[number % 8]
        for (a, b), turn in zip([(0, 1), (2, 3)] if number % 2 == 0 else [(0, 3), (2, 1)], turns):
            x[a] = x[a] + x[b]
            x[b] = (x[b] << word(turn) | x[b] >> word(64 - turn)) ^ x[a]
        if number % 4 == 3:
            turn = (number + 1) // 4
            x = [value + key[(turn + place) % 5] for place, value in enumerate(x)]
            x[3] = x[3] + word(turn)
    return x


class Masks:
    """The masks of one text: 0 where an adapter's input is dropped, 1 / (1 - p) where it is kept."""

    def __init__(self, probability, seed, step, example, sequence, shared):
        """Of the first `shared` positions the masks are those of the example's first text."""
        self.probability, self.key = probability, (seed, PURPOSE, step, example)
        self.sequence, self.shared = sequence, shared

    def of(self, module, x):
        """As x, (T, inputs), of a module such as "model.layers.0.mlp.up_proj"."""
        block, name = int(module.split(".")[2]), module.split(".", 3)[3]
        positions = [(0 if t < self.shared else self.sequence) << 48 | t << 24 for t in range(x.shape[0])]
        groups = numpy.arange((x.shape[1] + 7) // 8, dtype=numpy.uint64)
        counter = numpy.array(positions, dtype=numpy.uint64)[:, None] | groups
        zeros = numpy.zeros_like(counter)
        words = threefry(self.key, (counter, zeros + numpy.uint64(block << 8 | NUMBERS[name]), zeros, zeros))
        bits = numpy.stack([half for w in words for half in (w & numpy.uint64(0xFFFFFFFF), w >> numpy.uint64(32))], -1)
        kept = bits.reshape(x.shape[0], -1)[:, : x.shape[1]] >= round(self.probability * 2**32)
        return torch.tensor(kept).to(x.dtype) / (1 - self.probability)


def of_texts(texts, probability, seed, step, example):
    """The masks of an example's texts; what they have in common counts as the first's."""
    shared = min(len(text) for text in texts) - 1
    while any(text[:shared] != texts[0][:shared] for text in texts):
        shared -= 1
    return [Masks(probability, seed, step, example, number, shared) for number in range(len(texts))]
