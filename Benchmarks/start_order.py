"""The functions that a start runs, in the order in which they are first called: what the linker puts side by side.

    start_order.py RUNNER [--into Sources/runner/start.order]

A program's text is mapped in pieces of 64 KB around what runs, and what runs when there is nothing to do is spread over all of
it. Valgrind's callgrind names the functions of `--help`, of a warm plan and of a run that has nothing to do, of the graph of
planning_beside_rivals.py; the linker lays them out in that order (`Package.swift`). Names that are no more are passed over, so
that an old list costs speed and nothing else. Needs valgrind and binutils.
"""

import argparse
import os
import re
import subprocess
import tempfile

from planning_beside_rivals import spec

STEPS = 1000
STORED = ["--store", "store", "--results", "results"]
STARTS = [["--help"], ["plan", "spec.yaml", "--store", "store"], ["exec", "spec.yaml", *STORED]]


def called(program, arguments, folder):
    """The functions of a run, by their linkage names, in the order of callgrind's file."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=calls", "--demangle=no", "--compress-strings=no", program]
    subprocess.run(command + arguments, cwd=folder, check=True, capture_output=True)
    with open(os.path.join(folder, "calls")) as calls:
        for line in calls:
            if line.startswith(("fn=", "cfn=")):
                # A recursion's second level is the same function.
                yield re.sub(r"'\d+$", "", line.split("=", 1)[1].strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runner")
    parser.add_argument("--into", default="Sources/runner/start.order")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Valgrind gives up at this program's debugging information.
        program = os.path.join(folder, "runner")
        subprocess.run(["strip", "-g", "-o", program, options.runner], check=True)
        with open(os.path.join(folder, "spec.yaml"), "w") as file:
            file.write(spec(STEPS))
        subprocess.run([program, "exec", "spec.yaml", *STORED], cwd=folder, check=True, capture_output=True)
        names = dict.fromkeys(name for start in STARTS for name in called(program, start, folder))
        listed = subprocess.run(["nm", "--defined-only", program], capture_output=True, text=True, check=True).stdout
    own = {line.split()[-1] for line in listed.splitlines()}
    with open(options.into, "w") as file:
        file.writelines(f"{name}\n" for name in names if name in own)


main()
