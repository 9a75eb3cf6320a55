"""Learning rates of Transformers' schedules, step by step, as a training loop sees them.

Run by hand: python Tests/References/schedules.py
Writes Tests/TrainingTests/Fixtures/schedules.json: for each case the shape, its floor, the highest rate, the steps, the
warm-up (a count, or a fraction that Transformers turns into a count) and the rate of every step from 0 to one past the end.
"""
import json
import pathlib

import torch
import transformers

OUT = pathlib.Path(__file__).resolve().parents[1] / "TrainingTests/Fixtures/schedules.json"
SIZES = [(1, 0), (1, 1), (2, 1), (7, 0), (7, 3), (10, 10), (10, 25), (37, 5), (100, 0.07), (100, 0.1), (64, 0.03), (30, 0.1), (250, 20)]


def schedule(shape, floor, optimizer, warmup, steps):
    if shape == "constant":
        return transformers.get_constant_schedule_with_warmup(optimizer, warmup)
    if shape == "linear":
        return transformers.get_linear_schedule_with_warmup(optimizer, warmup, steps)
    if floor:
        return transformers.get_cosine_with_min_lr_schedule_with_warmup(optimizer, warmup, steps, min_lr_rate=floor)
    return transformers.get_cosine_schedule_with_warmup(optimizer, warmup, steps)


def rates(shape, floor, highest, steps, count):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=highest)
    scheduler = schedule(shape, floor, optimizer, count, steps)
    out = []
    for _ in range(max(steps, count) + 1 if shape != "cosine" else steps + 1):
        out.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return out


def warmup_count(warmup, steps):
    """The count that the trainer makes of `warmup_steps`, which is a share of all steps when it is less than 1."""
    return transformers.TrainingArguments(output_dir="unused", use_cpu=True, warmup_steps=warmup).get_warmup_steps(steps)


def main():
    cases = []
    for shape, floor in (("constant", 0), ("linear", 0), ("cosine", 0), ("cosine", 0.1)):
        for number, (steps, warmup) in enumerate(SIZES):
            highest = (5e-5, 1e-3, 3e-4)[number % 3]
            count = warmup_count(warmup, steps)
            cases.append({"shape": shape, "floor": floor, "highest": highest, "steps": steps, "warmup": warmup,
                          "count": count, "rates": rates(shape, floor, highest, steps, count)})
    lines = ",\n".join(json.dumps(case) for case in cases)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text('{"transformers": "%s", "cases": [\n%s\n]}\n' % (transformers.__version__, lines))


if __name__ == "__main__":
    main()
