"""Twenty optimizer steps of every objective by PyTorch's autograd in float64, on two tiny models.

Run by hand: python Tests/References/training.py   (needs torch, transformers, peft, safetensors)
Writes Tests/TrainingTests/Fixtures/<model>/: config.json and model.safetensors (the start, float32), adapter.safetensors
(fresh LoRA matrices, B zero, PEFT's names), training.json (the pairs, the reference's log-probabilities, each run's loss,
learning rate and gradient norm by step), and <run>.safetensors (the weights after the last step: float32, and under the
name with ".rest" what float32 leaves of the float64 number).
Runs with dropout take their masks from dropout.py; the number of an example is that of its pair.
Prints how far the same runs in float32, rounded in five ways, stay from float64: nobody who computes in float32 can be
asked for less. With --dump it only writes.
"""
import json
import pathlib
import random
import sys

import peft
import safetensors.torch
import torch
import transformers

import dropout
from decoder import TARGETS, Decoder

OUT = pathlib.Path(__file__).resolve().parents[1] / "TrainingTests/Fixtures"
RANK, ALPHA = 4, 8
STEPS, BATCH, WARMUP, CLIP = 20, 4, 3, 1.0
PAIRS, PROMPTS = 24, 15
# Epsilon is not the usual 1e-8. The first step that reaches an element moves it by lr * g / (|g| + epsilon), so float32's
# noise n in g moves it by up to lr * n / (4 * epsilon) where |g| is about epsilon. Here n is about 3e-10: with 1e-8 one to
# four elements of a run were up to 4.4e-4 * lr * steps off in some roundings (g = 1.3e-8 in a tensor whose gradients are
# around 2e-4). 1e-6 bounds that by 8e-5 * lr for one step and is still far below the gradients of every tensor.
ADAMW = {"beta-1": 0.9, "beta-2": 0.999, "epsilon": 1e-6, "weight-decay": 0.01}
# Where float32's products are split, for other roundings of the same run.
SPLITS = [0, 5, 8, 11, 17]
RATES = {"full": 1e-3, "lora": 5e-3}
BETA = 0.2
RUNS = {
    "sft": {"objective": "sft", "label-smoothing": 0.0},
    "sft-smoothed": {"objective": "sft", "label-smoothing": 0.1},
    "dpo": {"objective": "dpo", "beta": BETA, "label-smoothing": 0.0},
    "dpo-dropout": {"objective": "dpo", "beta": BETA, "label-smoothing": 0.0, "dropout": 0.2, "seed": 5},
    "apo-zero": {"objective": "apo-zero", "beta": BETA},
    "apo-down": {"objective": "apo-down", "beta": BETA},
    "kto": {"objective": "kto", "beta": BETA, "desirable-weight": 1.0, "undesirable-weight": 1.25},
    "apo-zero-unpaired": {"objective": "apo-zero-unpaired", "beta": BETA, "desirable-weight": 1.0, "undesirable-weight": 1.25},
}
# Not apo-down, full, untied: the chosen response's slope is a difference of nearly equal numbers, the embedding of a token
# that only chosen responses have gets nothing else, and float32 comes to 0.88 of 1e-4 * lr * steps.
MODELS = {
    "llama-tied": (transformers.LlamaConfig(
        vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=2.0**-17, tie_word_embeddings=True),
        [(run, mode) for run in RUNS for mode in ("full", "lora") if mode == "lora" or "dropout" not in RUNS[run]]),
    "qwen2-untied": (transformers.Qwen2Config(
        vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3,
        num_key_value_heads=1, max_position_embeddings=64, rms_norm_eps=2.0**-17, tie_word_embeddings=False),
        [("sft", "full"), ("sft", "lora"), ("dpo", "full"), ("dpo", "lora"), ("dpo-dropout", "lora"), ("kto", "full"), ("apo-down", "lora")]),
}


# ---------------------------------------------------------------- the start

def start(name, config):
    """A random model as Transformers makes it, with weights large enough that every part of it matters."""
    torch.manual_seed(11)
    kind = transformers.LlamaForCausalLM if config.model_type == "llama" else transformers.Qwen2ForCausalLM
    net = kind(config).float().eval()
    with torch.no_grad():
        for key, weight in net.named_parameters():
            if "norm" in key:
                weight.copy_(1 + 0.2 * torch.randn_like(weight))
            elif "bias" in key:
                weight.copy_(0.1 * torch.randn_like(weight))
            elif "embed_tokens" in key or "lm_head" in key:
                weight.copy_(0.3 * torch.randn_like(weight))
            else:
                weight.copy_(0.7 / weight.shape[1] ** 0.5 * torch.randn_like(weight))
    skipped = {"lm_head.weight"} if config.tie_word_embeddings else set()
    return net, {k: v.detach().clone() for k, v in net.state_dict().items() if k not in skipped}


def fresh_adapter(config, weights):
    """A as PEFT draws it (Kaiming uniform, a = sqrt 5: +-1/sqrt inputs), B zero."""
    torch.manual_seed(13)
    adapter = {}
    for block in range(config.num_hidden_layers):
        for target in TARGETS:
            module = f"model.layers.{block}.{target}"
            outputs, inputs = weights[module + ".weight"].shape
            bound = inputs ** -0.5
            adapter[module] = (torch.empty(RANK, inputs).uniform_(-bound, bound), torch.zeros(outputs, RANK))
    return adapter


def check_decoder(config, net, weights, adapter):
    """The decoder of decoder.py against Transformers, bare and with PEFT's LoRA, without dropout and with, in float32."""
    tokens = [1, 5, 9, 2, 2, 40, 7, 11, 30]
    with torch.no_grad():
        theirs = torch.log_softmax(net(torch.tensor([tokens])).logits[0], -1)
        ours = Decoder(config, weights).log_probabilities(tokens)
        assert (theirs - ours).abs().max() < 2e-5, (theirs - ours).abs().max()
        filled = {k: (a, 0.1 * torch.randn_like(b)) for k, (a, b) in adapter.items()}
        wrapped = peft.get_peft_model(net, peft.LoraConfig(
            r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=[t.split(".")[1] for t in TARGETS]))
        peft.set_peft_model_state_dict(wrapped, named(filled))
        theirs = torch.log_softmax(wrapped(torch.tensor([tokens])).logits[0], -1)
        ours = Decoder(config, weights, filled, ALPHA / RANK).log_probabilities(tokens)
        assert (theirs - ours).abs().max() < 2e-5, (theirs - ours).abs().max()
        ours = Decoder(config, weights, filled, ALPHA / RANK)
        ours.masks = dropout.Masks(0.3, 1, 2, 3, 0, 0)
        for name, module in wrapped.named_modules():
            if "lora_dropout" in getattr(module, "_modules", {}):
                module.lora_dropout["default"] = Masked(ours.masks, name.removeprefix("base_model.model."))
        theirs = torch.log_softmax(wrapped(torch.tensor([tokens])).logits[0], -1)
        assert (theirs - ours.log_probabilities(tokens)).abs().max() < 2e-5, "PEFT drops elsewhere"


class Masked(torch.nn.Module):
    """Stands where PEFT has its dropout, with masks that are known."""

    def __init__(self, masks, module):
        super().__init__()
        self.masks, self.module = masks, module

    def forward(self, x):
        return x * self.masks.of(self.module, x[0])


def named(adapter):
    """PEFT's names for an adapter's matrices."""
    return {f"base_model.model.{module}.lora_{letter}.weight": matrix
            for module, matrices in adapter.items() for letter, matrix in zip("AB", matrices)}


# ---------------------------------------------------------------- the examples

def draw_pairs(vocabulary):
    """Pairs of token ids; prompts come again, responses have 1 to 12 tokens and a third share a beginning."""
    draw = random.Random(17)
    text = lambda low, high: [draw.randrange(vocabulary) for _ in range(draw.randint(low, high))]
    prompts = [text(1, 9) for _ in range(PROMPTS)]
    pairs = []
    for index in range(PAIRS):
        shared = text(1, 6) if index % 3 == 0 else []
        chosen, rejected = shared + text(1, 6), shared + text(1, 6)
        if index % 3 == 1:
            chosen, rejected = text(1, 12), text(1, 12)
        if index == 4:
            chosen = chosen[:1]
        if index == 6:
            rejected = chosen[:-1]  # one response is the beginning of the other
        assert chosen != rejected and rejected and max(len(chosen), len(rejected)) <= 12
        pairs.append({"prompt": prompts[index % PROMPTS], "chosen": chosen, "rejected": rejected})
    for index, pair in enumerate(pairs):
        pair["partners"] = {}
        for side in ("chosen", "rejected"):
            others = [p for p in pairs if p["prompt"] != pair["prompt"]]
            pair["partners"][side] = draw.choice(others)[draw.choice(["chosen", "rejected"])]
    return pairs


def draw_batches():
    """Four numbers of pairs a step; every pair once an epoch."""
    draw, order = random.Random(19), []
    while len(order) < STEPS * BATCH:
        epoch = list(range(PAIRS))
        draw.shuffle(epoch)
        order += epoch
    return [order[BATCH * step : BATCH * (step + 1)] for step in range(STEPS)]


def sides(pair):
    """What the pair has to score: its two responses, and the two partners of KTO, all after its prompt."""
    return {"chosen": pair["chosen"], "rejected": pair["rejected"],
            "partner-of-chosen": pair["partners"]["chosen"], "partner-of-rejected": pair["partners"]["rejected"]}


def score_reference(decoder, pairs):
    with torch.no_grad():
        return [{side: decoder.response(pair["prompt"], response)[0] for side, response in sides(pair).items()}
                for pair in pairs]


# ---------------------------------------------------------------- the losses

def batch_loss(run, decoder, batch, masks):
    """The loss of a batch of (pair, reference), and KTO's reference point; `masks` gives a pair's for a side, or None."""
    def score(pair, side):
        decoder.masks = masks(pair, side)
        return decoder.response(pair["prompt"], sides(pair)[side])

    ratio = lambda pair, reference, side: score(pair, side)[0].sum() - reference[side].sum()
    if run["objective"] == "sft":
        smoothing = run["label-smoothing"]
        scored = [score(pair, "chosen") for pair, _ in batch]
        total = sum(((1 - smoothing) * picked + smoothing * means).sum() for picked, means in scored)
        return -total / sum(len(pair["chosen"]) for pair, _ in batch), 0.0
    beta = run["beta"]
    chosen = torch.stack([ratio(*item, "chosen") for item in batch])
    rejected = torch.stack([ratio(*item, "rejected") for item in batch])
    if run["objective"] == "dpo":
        return -torch.nn.functional.logsigmoid(beta * (chosen - rejected)).mean(), 0.0
    if run["objective"] == "apo-zero":
        return (1 - (beta * chosen).sigmoid() + (beta * rejected).sigmoid()).mean(), 0.0
    if run["objective"] == "apo-down":
        return ((beta * chosen).sigmoid() + 1 - (beta * (chosen - rejected)).sigmoid()).mean(), 0.0
    point = 0.0
    if run["objective"] == "kto":
        with torch.no_grad():
            drift = [ratio(*item, "partner-of-" + side) for item in batch for side in ("chosen", "rejected")]
            point = max(0.0, float(torch.stack(drift).mean()))
    good = run["desirable-weight"] * (1 - (beta * (chosen - point)).sigmoid())
    bad = run["undesirable-weight"] * (1 - (beta * (point - rejected)).sigmoid())
    return torch.cat([good, bad]).mean(), point


# ---------------------------------------------------------------- the loop

def train(run, mode, config, weights, adapter, pairs, reference, batches, dtype, split=0):
    weights = {k: v.to(dtype) for k, v in weights.items()}
    adapter = {k: (a.to(dtype), b.to(dtype)) for k, (a, b) in adapter.items()}
    trained = dict(weights) if mode == "full" else named(adapter)
    trained = {k: v.clone().requires_grad_() for k, v in trained.items()}
    if mode == "full":
        decoder = Decoder(config, trained, split=split)
    else:
        place = lambda module, letter: trained[f"base_model.model.{module}.lora_{letter}.weight"]
        decoder = Decoder(config, weights, {m: (place(m, "A"), place(m, "B")) for m in adapter}, ALPHA / RANK, split)
    # As Transformers' Trainer groups them: gains and biases do not decay.
    groups = [{"params": [v for v in trained.values() if (v.dim() > 1) == decays],
               "weight_decay": ADAMW["weight-decay"] if decays else 0.0} for decays in (True, False)]
    optimizer = torch.optim.AdamW(
        [g for g in groups if g["params"]], lr=RATES[mode], betas=(ADAMW["beta-1"], ADAMW["beta-2"]),
        eps=ADAMW["epsilon"])
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    steps = []

    def masks(pair, side):
        if "dropout" not in run or side not in ("chosen", "rejected"):
            return None
        texts = [pair["prompt"] + pair["chosen"], pair["prompt"] + pair["rejected"]]
        both = dropout.of_texts(texts, run["dropout"], run["seed"], len(steps), pairs.index(pair))
        return both[("chosen", "rejected").index(side)]

    for numbers in batches:
        optimizer.zero_grad()
        loss, point = batch_loss(run, decoder, [(pairs[n], reference[n]) for n in numbers], masks)
        loss.backward()
        for weight in trained.values():
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        norm = torch.nn.utils.clip_grad_norm_(trained.values(), CLIP)
        steps.append({"pairs": numbers, "loss": loss.item(), "learning-rate": schedule.get_last_lr()[0],
                      "gradient-norm": float(norm), "reference-point": point})
        optimizer.step()
        schedule.step()
    return steps, {k: v.detach() for k, v in trained.items()}


def compare(name, mode, exact, roughs):
    """Prints how far float32 stays from float64: losses relative, weights in units of 1e-4 * lr * steps."""
    (steps, final), unit = exact, 1e-4 * RATES[mode] * STEPS
    losses = max(abs(a["loss"] - b["loss"]) / abs(a["loss"]) for rough, _ in roughs for a, b in zip(steps, rough))
    off = [max((final[k] - rough[k].double()).abs().max().item() for k in final) / unit for _, rough in roughs]
    norms, points = [s["gradient-norm"] for s in steps], sum(s["reference-point"] > 0 for s in steps)
    print(f"{name}: float32 loss {losses:.1e}, weights {' '.join(f'{o:.3f}' for o in off)} of the allowance; "
          f"loss {steps[0]['loss']:.4f} -> {steps[-1]['loss']:.4f}, gradient norms {min(norms):.3f}...{max(norms):.3f}"
          f"{f', reference point over 0 in {points} steps' if points else ''}", flush=True)


def with_rest(tensors):
    result = {}
    for key, value in tensors.items():
        result[key] = value.float().contiguous()
        result[key + ".rest"] = (value - result[key].double()).float().contiguous()
    return result


def main():
    for name, (config, wanted) in MODELS.items():
        folder = OUT / name
        folder.mkdir(parents=True, exist_ok=True)
        net, weights = start(name, config)
        adapter = fresh_adapter(config, weights)
        config_json = json.loads(config.to_json_string(use_diff=False))
        safetensors.torch.save_file(weights, folder / "model.safetensors")
        safetensors.torch.save_file(named(adapter), folder / "adapter.safetensors")
        check_decoder(config, net, weights, adapter)
        pairs, batches = draw_pairs(config.vocab_size), draw_batches()
        reference = score_reference(Decoder(config, {k: v.double() for k, v in weights.items()}), pairs)
        rough_references = [score_reference(Decoder(config, weights, split=split), pairs) for split in SPLITS]
        runs = []
        for run, mode in wanted:
            arguments = (RUNS[run], mode, config, weights, adapter, pairs)
            exact = train(*arguments, reference, batches, torch.float64)
            if "--dump" not in sys.argv:
                compare(f"{name} {run} {mode}", mode, exact, [
                    train(*arguments, rough, batches, torch.float32, split)
                    for split, rough in zip(SPLITS, rough_references)])
            file = f"{run}-{mode}.safetensors"
            safetensors.torch.save_file(with_rest(exact[1]), folder / file)
            runs.append({"name": f"{run}-{mode}", **RUNS[run], "adapter": mode, "weights": file,
                         "learning-rate": RATES[mode], "steps": exact[0]})
        listed = [{**pair, "reference": {side: values.tolist() for side, values in scores.items()}}
                  for pair, scores in zip(pairs, reference)]
        content = {
            "made-by": "Tests/References/training.py",
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__,
                         "python": sys.version.split()[0]},
            "rank": RANK, "alpha": ALPHA, "warmup": WARMUP, "clip": CLIP, "optimizer": ADAMW, "pairs": listed, "runs": runs,
        }
        (folder / "config.json").write_text(json.dumps(config_json, separators=(",", ":")) + "\n")
        (folder / "training.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
