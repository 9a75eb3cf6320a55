"""Tokens of texts that break tokenizers, by the reference.

Run by hand: python Tests/References/tokenizer_cases.py MODEL.gguf
Writes Tests/LanguageModelTests/Fixtures/tokenizer_cases.json: for each text the ids with special tokens recognized
(`ids`) and, where that differs, with special tokens split like any text (`data`); the decoded text where it differs
from the text; cuts by the other pre-tokenizers; and checksums over every scalar of Unicode.
"""
import json
import pathlib
import random
import struct
import sys
import zlib

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

import model

OUT = pathlib.Path(__file__).resolve().parents[1] / "LanguageModelTests/Fixtures/tokenizer_cases.json"

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

FIXED = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n", "\n ", " \n \n  ", "\t\t \t", "a", " a", "a ", "  a", "a  ", "a  b",
    "Hello, world!", "The quick brown fox jumps over the lazy dog.", "I'm you're he's we've they'll I'd don't",
    "I'M YOU'RE HE'S WE'VE THEY'LL I'D DON'T", "'s't're've'm'll'd", "''s 's ' s '", "'ſ 'ſt ſ", "'Re 'rE 'Ll 'lL 'vE", "l'l 'l ll'",
    "0", "1234567890", "3.14159", "1,000,000", "x2y3", " 1 2  3", "12ab34", "٠١٢٣٤٥٦٧٨٩", "½¾Ⅷ①", "１２３", "𝟘𝟙𝟚", "\U00011de0\U00016ff4", "a\U00011de5b",
    "cafe\u0301", "café", "e\u0301\u0302\u0303", "Å\u212b\u00c5A\u030a", "ﬁﬂ", "\u1e9b\u0323", "각\u1100\u1161\u11a8",
    "你好，世界！", "こんにちは世界", "カタカナﾊﾝｶｸ", "안녕하세요 세계", "Привет, мир!", "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "ҚазақстаN ĞÜŞ",
    "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇸🇩🇪", "😀😃😄", "❤️", "👩🏿‍🚀 emoji", "#️⃣", "\ufe0f\u200d", "a\u200db",
    "\u00a0", "a\u00a0b", "\u2003\u3000x", "\u2028\u2029", "\u0085", "\u200b", "\ufeff", "\u1680 \u180e", "x\u3000\u3000y", " \u00a0 \u00a0x",
    "\x00", "\x01\x02\x03\x04\x05\x06", "\x1b[31mred\x1b[0m", "\x7f", "a\x04b", "\x13\x14\x16\x1d", "\x1c\x1d\x1e\x1f", "\x0b\x0c",
    "\U0003fffd", "\U00040000\U000bffff", "\U000f0000", "\U0010ffff", "\ufffd", "\ufffe\uffff", "\ue000",
    "<|im_end|>", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", "a<|im_end|>b", " <|im_end|> ", "<|im_end|><|im_end|>",
    "<|im_end", "|im_end|>", "<|im_end|", "<|endoftext|>x", "1<|im_end|>2", "<repo_name>r<filename>f.py\n", "<file_sep><reponame>", "<<|im_start|>>",
    "<|im_<|im_end|>end|>", "  <|im_start|>  ", "\n<|im_end|>\n",
    "def f(x):\n    return x**2  # ok\n\n\nclass A:\n\tpass\n", "{\"a\": [1, 2.5e-3, null]}", "https://example.org/a?b=c&d=%20#f", "C:\\dir\\file.txt",
    "!!!???...---", "***bold*** _it_ `code`", "$100 €50 ¥5", "a" * 300, " " * 200, "\n" * 100, "ab" * 200, "1" * 64, "!" * 130, "é" * 90, "字" * 80, " x" * 100,
    "\u0301" * 20, "👍" * 30, "Ġ Ċ ĉ ġ", "Ġhello", "Dž Lj ß ẞ ı İ", "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "MiXeD cAsE ANDsymbols+-*/=<>", "tab\tnew\nret\rvt\x0b", "end with spaces   ", "   start", "semi;colon:quote\"'", "(a)[b]{c}<d>", "a\r\n\r\nb", "\r\r\n", " \t\n x",
]


def random_texts(count):
    """Seeded texts from pools that mix badly."""
    draw = random.Random(20240607)
    pools = [
        lambda: draw.choice(" \t\n\r\u00a0\u2003"), lambda: draw.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"),
        lambda: draw.choice("0123456789²٣Ⅳ"), lambda: draw.choice(".,;:!?'\"()-_/\\<>|"), lambda: draw.choice(["'s", "'ll", "'RE", "don't", " the", "ing", "\n\n"]),
        lambda: chr(draw.randrange(0x80, 0x800)), lambda: chr(draw.randrange(0x800, 0xD800)), lambda: chr(draw.randrange(0xE000, 0x10000)),
        lambda: chr(draw.randrange(0x10000, 0x20000)), lambda: chr(draw.randrange(0x20000, 0x110000)), lambda: chr(draw.randrange(0, 32)),
        lambda: draw.choice(["👍🏽", "e\u0301", "👨‍👩‍👧", "\ufe0f", "\u200d", "नि", "한"]),
    ]
    texts = []
    for _ in range(count):
        some = draw.sample(pools, draw.randrange(2, 6))
        texts.append("".join(draw.choice(some)() for _ in range(draw.randrange(1, 24))))
    return texts


def split(pattern):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


CUTTERS = {
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    ),
    "llama-bpe": split(LLAMA3),
    "qwen2": split(QWEN2),
}


def byte_lengths(cutter, text):
    """How many bytes each piece has; pieces of the byte alphabet have a character a byte."""
    return [len(piece) for piece, _ in cutter.pre_tokenize_str(text)]


def scalars(plane):
    return [s for s in range(plane << 16, (plane + 1) << 16) if not 0xD800 <= s < 0xE000]


def planes(cutter):
    """For each plane, CRC-32 over the cuts of every scalar among letters, spaces, digits and apostrophes."""
    sums = []
    for plane in range(17):
        state = 0
        for scalar in scalars(plane):
            c = chr(scalar)
            lengths = byte_lengths(cutter, f"a{c}b {c}1{c}{c} '{c} ,{c}\n{c}")
            state = zlib.crc32(bytes(lengths) + b"\xff", state)
        sums.append(state)
    return sums


def plane_ids(tokenizer):
    """For each plane, CRC-32 over the ids of "x" + scalar + " " + scalar for every scalar."""
    sums = []
    for plane in range(17):
        state = 0
        for encoding in tokenizer.encode_batch([f"x{chr(s)} {chr(s)}" for s in scalars(plane)]):
            state = zlib.crc32(struct.pack(f"<{len(encoding.ids) + 1}I", *encoding.ids, 0xFFFFFFFF), state)
        sums.append(state)
    return sums


def composed_planes():
    """For each plane, CRC-32 over the normal form C of every scalar among marks, and with its own parts after it."""
    nfc, nfd = normalizers.NFC(), normalizers.NFD()
    sums = []
    for plane in range(17):
        state = 0
        for scalar in scalars(plane):
            c = chr(scalar)
            text = nfc.normalize_str(f"a{c}\u0323{c}\u0301")
            text += nfc.normalize_str(f"{c}\u0301\u0323\u0338\u3099\u0307\u0308")
            text += nfc.normalize_str(nfd.normalize_str(c) + "\u0323" + nfd.normalize_str(c))
            state = zlib.crc32(text.encode(), state)
        sums.append(state)
    return sums


def main():
    tokenizer, _ = model.load_tokenizer(sys.argv[1])
    plain = Tokenizer.from_str(tokenizer.to_str())
    plain.encode_special_tokens = True
    texts = FIXED + random_texts(280)
    cases = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        case = {"text": text, "ids": ids}
        data = plain.encode(text).ids
        if data != ids:
            case["data"] = data
        decoded = plain.decode(data, skip_special_tokens=False)
        if decoded != text:
            case["decoded"] = decoded
        cases.append(case)
    every_id = [tokenizer.decode([i], skip_special_tokens=False) for i in range(tokenizer.get_vocab_size())]
    draw = random.Random(5)
    runs = [[draw.randrange(tokenizer.get_vocab_size()) for _ in range(12)] for _ in range(20)]
    fixture = {
        "made-by": "Tests/References/tokenizer_cases.py",
        "versions": model.versions(),
        "patterns": {"llama-bpe": LLAMA3, "qwen2": QWEN2},
        "cases": cases,
        "cuts": {
            name: [byte_lengths(cutter, text) for text in texts[:260]]
            for name, cutter in CUTTERS.items()
            if name != "smollm"
        },
        "planes": {name: planes(cutter) for name, cutter in CUTTERS.items()},
        "plane-ids": plane_ids(plain),
        "every-id-decoded": zlib.crc32("\x00".join(every_id).encode()),
        "decoded-runs": [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)} for ids in runs],
        "composed-planes": composed_planes(),
        "composed": [{"text": t, "nfc": normalizers.NFC().normalize_str(t)} for t in texts if normalizers.NFC().normalize_str(t) != t],
    }
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
