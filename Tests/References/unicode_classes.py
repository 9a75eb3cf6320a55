"""Asks the reference tokenizer which scalars it takes for letters, numbers, white space and digits.

Run by hand: python Tests/References/unicode_classes.py
Needs: pip install tokenizers (0.23.3 was used). Writes Sources/LanguageModel/Tokenizer/UnicodeRanges.swift.
Whether the ranges cut as the reference does is tested through the digests of tokenizer_cases.py over every scalar.
The regular expressions of tokenizers run in Oniguruma, whose Unicode version is older than that of Rust's
`char::is_numeric`, which the Digits pre-tokenizer asks; so the two differ, and both differ from Swift's tables.
"""
import pathlib

import tokenizers
from tokenizers import Regex, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def matched(pattern):
    """The scalars that a one-scalar pattern matches: those that a removing split removes."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    kept = set()
    for start in range(0, len(SCALARS), 4096):
        text = "".join(map(chr, SCALARS[start : start + 4096]))
        for _, (a, b) in split.pre_tokenize_str(text):
            kept.update(map(ord, text[a:b]))
    return sorted(set(SCALARS) - kept)


def digits():
    """The scalars that the Digits pre-tokenizer isolates."""
    split = pre_tokenizers.Digits(individual_digits=True)
    return [c for c in SCALARS if len(split.pre_tokenize_str("a" + chr(c) + "b")) == 3]


def ranges(scalars):
    """Flat list: first, last, first, last."""
    flat = []
    for scalar in scalars:
        if flat and flat[-1] == scalar - 1:
            flat[-1] = scalar
        else:
            flat += [scalar, scalar]
    return flat


def swift_list(name, doc, flat):
    words = [f"0x{value:X}," for value in flat]
    lines, line = [], "   "
    for word in words:
        if len(line) + 1 + len(word) > 116:
            lines.append(line)
            line = "   "
        line += " " + word
    lines.append(line)
    return f"  /// {doc}\n  static let {name}: [UInt32] = [\n" + "\n".join(lines) + "\n  ]\n"


def main():
    letters, numbers, spaces, isolated = matched(r"\p{L}"), matched(r"\p{N}"), matched(r"\s"), digits()
    flat = {"letters": ranges(letters), "numbers": ranges(numbers), "spaces": ranges(spaces), "digits": ranges(isolated)}
    swift = f"""// Which scalars the reference's regular expressions and its digit splitter take for what, as first and last scalar.
// Written by Tests/References/unicode_classes.py from tokenizers {tokenizers.__version__}; Swift's own tables are of another Unicode version.

/// Ranges of scalars, flat: first, last, first, last.
enum UnicodeRanges {{
"""
    swift += swift_list("letters", "`\\p{L}`.", flat["letters"])
    swift += "\n" + swift_list("numbers", "`\\p{N}`.", flat["numbers"])
    swift += "\n" + swift_list("spaces", "`\\s`.", flat["spaces"])
    swift += "\n" + swift_list("digits", "What the digit splitter isolates.", flat["digits"])
    swift += "}\n"
    (ROOT / "Sources/LanguageModel/Tokenizer/UnicodeRanges.swift").write_text(swift)


if __name__ == "__main__":
    main()
