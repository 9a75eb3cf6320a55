"""Chat templates, logits, log-probabilities, greedy text and multiple-choice scores of the reference model.

Run by hand: python Tests/References/model_values.py MODEL.gguf
Writes Tests/LanguageModelTests/Fixtures/{chat_templates,model_values,choice_values}.json. The model runs in float32 in
PyTorch on dequantized weights (see model.py). The multiple-choice part computes what lm-evaluation-harness computes
(lm_eval/api/model.py `_encode_pair`, lm_eval/api/task.py `process_results`): white space at the end of the context moves
to the option; the option's tokens are those of the whole beyond the context's count; `acc` compares sums of
log-probabilities, `acc_norm` sums divided by the option's length (in characters; here every option is ASCII, so bytes are
the same). A space that separates context and option is scored with the option, but not counted in its length. The items are written for this fixture.
"""
import json
import pathlib
import random
import sys

import jinja2
import torch

import model

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "LanguageModelTests/Fixtures"

TEXTS = [
    "The capital of France is Paris, and the capital of Germany is Berlin.",
    "def add(a, b):\n    return a + b\n\nprint(add(2, 3))\n",
    "Two plus two equals four. 17 * 23 = 391.",
    "Привет, мир! 你好，世界。 👍🏽 café",
    "once upon a time there was a little girl who lived in a village near the forest.",
    "<|im_start|>user\nHow many legs does a spider have?<|im_end|>\n<|im_start|>assistant\nA spider has eight legs.<|im_end|>",
    "zxqj vvkp 9081726354 !!??",
    "A",
    "I can't believe it's not butter, they'll say; we've heard it before and I'm sure you'd agree.",
    "\n\n  Indented text\twith tabs   and   spaces\n",
    # Some eight hundred tokens: far positions, and attention over more than one block of keys.
    " ".join(f"Number {n} is {'odd' if n % 2 else 'even'} and its square is {n * n}." for n in range(1, 61)),
]

PROMPTS = [
    "What is the capital of France?", "Count from one to ten.", "Write a short poem about the sea.",
    "I have a banana, an apple and two pears. How many fruits do I have?", "Translate 'good morning' into Spanish.",
    "List three prime numbers.", "Why is the sky blue?", "Repeat after me: abc 123 xyz",
]

CHATS = [
    [("user", "Hi")],
    [("system", "You are terse."), ("user", "Hi")],
    [("user", "Hi"), ("assistant", "Hello! How can I help?"), ("user", "Count: 1 2 3")],
    [("system", "Answer with a number only."), ("user", "2+2?"), ("assistant", "4"), ("user", "3+3?"), ("assistant", "6"), ("user", "4+4?")],
    [("system", ""), ("user", "")],
    [("system", "  spaces  \n"), ("user", "\n\nleading newlines"), ("assistant", " leading space"), ("user", "trailing space ")],
    [("system", "日本語"), ("user", "👍🏽 e\u0301"), ("assistant", "٣")],
]

DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

ITEMS = [
    ("Question: What is the color of grass?\nAnswer:", [" green", " purple", " a loud noise"]),
    ("Question: What do bees make?\nAnswer:", [" honey", " milk", " iron"]),
    ("Question: How many days are in a week?\nAnswer:", [" 7", " 12", " 365"]),
    ("Question: Which animal barks?\nAnswer: ", ["dog", "fish", "butterfly"]),
    ("The opposite of hot is ", ["cold", "warm", "the temperature of a very hot day"]),
    ("Water freezes at", [" 0 degrees Celsius", " 100 degrees Celsius", " night"]),
    ("She opened the umbrella because it was", [" raining", " a fish", " seven"]),
    ("Options:\n(A) Monday\n(B) Blue\n(C) Seven\nWhich is a day? Answer: (", ["A)", "B)", "C)"]),
    ("2 + 2 =", [" 4", " 5", " 22"]),
    ("The sun rises in the", [" east", " west", " refrigerator"]),
    ("Cats like to drink", [" milk", " gasoline", " books about history"]),
    ("To cut paper, use", [" scissors", " a pillow", " soup"]),
    ("A triangle has", [" three sides", " four sides", " no sides at all"]),
    ("The first month of the year is  ", ["January", "July", "December"]),
    ("Fire is", [" hot", " cold", " a kind of vegetable that grows in the garden"]),
    ("Snow is white and coal is", [" black", " white", " sweet"]),
    ("Paris is in", [" France", " Brazil", " the ocean"]),
    ("He was tired, so he went to\n", ["bed", "war", "the moon"]),
    ("Birds can", [" fly", " read newspapers", " drive"]),
    ("Ice cream is eaten", [" cold", " with a hammer", " by trees"]),
]


def chat_cases(tokenizer, source):
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(source)
    cases = []
    for turns in CHATS:
        messages = [{"role": role, "content": text} for role, text in turns]
        for prompt in (False, True):
            text = template.render(messages=messages, add_generation_prompt=prompt)
            cases.append({
                "turns": [list(turn) for turn in turns], "generation-prompt": prompt, "text": text,
                "ids": tokenizer.encode(text).ids,
            })
    return cases


def sequence(net, tokenizer, text, positions):
    """Log-probabilities of every next token; at the last position the 20 highest logits and logits at fixed places."""
    ids = tokenizer.encode(text).ids
    logits, logs = model.log_probabilities(net, ids)
    places = sorted({0, len(ids) // 2, len(ids) - 1})
    entry = {"text": text, "ids": ids, "next": [round(float(logs[i, t]), 6) for i, t in enumerate(ids[1:])], "logits": []}
    for place in places:
        top = torch.topk(logits[place], 20)
        entry["logits"].append({
            "place": place, "top": [[int(i), round(float(v), 5)] for v, i in zip(top.values, top.indices)],
            "fixed": [round(float(logits[place, p]), 5) for p in positions],
            "log-sum": round(float(torch.logsumexp(logits[place].double(), -1)), 6),
        })
    return entry


def greedy(net, tokenizer, source, prompt):
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(source)
    text = template.render(messages=[{"role": "user", "content": prompt}], add_generation_prompt=True)
    ids = tokenizer.encode(text).ids
    out, gaps, past, feed = [], [], None, ids
    with torch.no_grad():
        for _ in range(64):
            step = net(torch.tensor([feed]), past_key_values=past, use_cache=True)
            past = step.past_key_values
            top = torch.topk(step.logits[0, -1], 2)
            out.append(int(top.indices[0]))
            gaps.append(round(float(top.values[0] - top.values[1]), 5))
            if out[-1] == 2:
                break
            feed = [out[-1]]
    return {"prompt": prompt, "ids": ids, "greedy": out, "gaps": gaps,
            "text": tokenizer.decode([t for t in out if t != 2], skip_special_tokens=True)}


def encode_pair(tokenizer, context, option):
    spaces = len(context) - len(context.rstrip())
    if spaces > 0:
        option = context[-spaces:] + option
        context = context[:-spaces]
    whole = tokenizer.encode(context + option).ids
    count = len(tokenizer.encode(context).ids)
    return whole[:count], whole[count:]


def choice(net, tokenizer, context, options):
    sums, tokens = [], []
    delimiter = " " if all(option.startswith(" ") for option in options) else ""
    options = [option.removeprefix(delimiter) for option in options]
    for option in options:
        head, tail = encode_pair(tokenizer, context, delimiter + option)
        logits, logs = model.log_probabilities(net, (head + tail)[:-1])
        rows = range(len(head) - 1, len(head) + len(tail) - 1)
        sums.append(sum(float(logs[row, t]) for row, t in zip(rows, tail)))
        tokens.append({"context": head, "option": tail})
    best = lambda values: max(range(len(values)), key=lambda i: values[i])
    per_token = [s / len(t["option"]) for s, t in zip(sums, tokens)]
    per_byte = [s / len(o.encode()) for s, o in zip(sums, options)]
    return {
        "context": context, "delimiter": delimiter, "options": options, "tokens": tokens, "sums": [round(s, 6) for s in sums],
        "per-token": [round(s, 6) for s in per_token], "per-byte": [round(s, 6) for s in per_byte],
        "acc": best(sums), "acc-token": best(per_token), "acc-norm": best(per_byte),
    }


def write(name, **content):
    header = {"made-by": "Tests/References/model_values.py", "versions": model.versions()}
    (FIXTURES / name).write_text(json.dumps({**header, **content}, separators=(",", ":")) + "\n")


def main():
    tokenizer, source = model.load_tokenizer(sys.argv[1])
    write("chat_templates.json", template=source, **{"default-system": DEFAULT_SYSTEM}, cases=chat_cases(tokenizer, source))
    net = model.load_model(sys.argv[1])
    positions = sorted(random.Random(3).sample(range(49152), 300))
    write(
        "model_values.json", positions=positions, sequences=[sequence(net, tokenizer, t, positions) for t in TEXTS],
        greedy=[greedy(net, tokenizer, source, p) for p in PROMPTS],
    )
    write("choice_values.json", items=[choice(net, tokenizer, *item) for item in ITEMS])


if __name__ == "__main__":
    main()
