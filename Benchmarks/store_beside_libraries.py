"""Hashing and compression in the store beside the libraries that do them.

    store_beside_libraries.py RUNNER FILE... --into RECORDS.md [--rounds 5]

`runner bench-objects` says what of the processor's time a file's bytes take: their SHA-256 (of swift-crypto), a zstd frame of
them at level 3 with its checksum, the frame unpacked, and an object written to a store and read back from it. Beside it stand
the libraries by themselves: OpenSSL's SHA-256 through Python, and zstd by its own benchmark (`zstd -b3`), which packs and
unpacks in memory. An object costs the sum of both at least: it is hashed and packed when it is written, unpacked and hashed
when it is read. Nothing here passes or fails: figures are written down.
"""

import argparse
import hashlib
import json
import os
import re
import statistics
import subprocess
import time

HEADING = "# Objects beside the libraries"


def openssl(data, rounds):
    """Seconds of the processor that OpenSSL's SHA-256 takes."""
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        hashlib.sha256(data).digest()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def zstd(path, rounds):
    """Seconds that zstd takes to pack and to unpack a file at level 3, by its own benchmark."""
    packed, unpacked = [], []
    for _ in range(rounds):
        run = subprocess.run(["zstd", "-b3", "-i1", path], capture_output=True, text=True, check=True)
        # It redraws one line; the last that has both rates stands.
        lines = (run.stdout + run.stderr).replace("\r", "\n").splitlines()
        rates = [rates for rates in ([float(rate) for rate in re.findall(r"([0-9.]+) MB/s", line)] for line in lines)
                 if len(rates) == 2][-1]
        size = os.path.getsize(path)
        packed.append(size / 1e6 / rates[0])
        unpacked.append(size / 1e6 / rates[1])
    return statistics.median(packed), statistics.median(unpacked)


def rows(runner, path, rounds):
    with open(path, "rb") as file:
        data = file.read()
    ours = json.loads(
        subprocess.run([runner, "bench-objects", path, "--rounds", str(rounds)], capture_output=True, text=True,
                       check=True).stdout)
    digest = openssl(data, rounds)
    packed, unpacked = zstd(path, rounds)
    name = f"{os.path.basename(path)}, {len(data) / 1e6:.1f} MB, {ours['frame'] / 1e6:.1f} packed"
    theirs = {"hash": digest, "compress": packed, "decompress": unpacked, "write": digest + packed,
              "read": digest + unpacked}
    words = {"hash": "SHA-256", "compress": "zstd, level 3", "decompress": "zstd, unpacking",
             "write": "an object written", "read": "an object read"}
    for key, word in words.items():
        rate, other = (len(data) / 1e6 / seconds for seconds in (ours[key], theirs[key]))
        yield f"| {name} | {word} | {rate:.0f} | {other:.0f} | {rate / other:.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runner")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--into", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    version = subprocess.run(["zstd", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"v([0-9.]+)", version).group(1)
    import ssl
    lines = [HEADING, "",
             f"By Benchmarks/store_beside_libraries.py; megabytes a second of the processor's time, medians of {options.rounds}; beside",
             f"zstd {version} by its own benchmark and {' '.join(ssl.OPENSSL_VERSION.split()[:2])}, and for objects the two together. No flush is in the figures.",
             "", "| file | what | runner MB/s | libraries MB/s | ratio |", "| --- | --- | ---: | ---: | ---: |"]
    for path in options.files:
        for row in rows(options.runner, path, options.rounds):
            print(row, flush=True)
            lines.append(row)
    before = ""
    if os.path.exists(options.into):
        with open(options.into) as file:
            before = file.read().split(HEADING)[0].rstrip()
    with open(options.into, "w") as file:
        file.write((before + "\n\n" if before else "") + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
