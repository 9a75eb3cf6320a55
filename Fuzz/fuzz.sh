#!/bin/sh
# Fuzzes each reader for some seconds, beginning with the corpus: fuzz.sh PROGRAM SECONDS [READER…]
# What is found is kept in the folder FOUND; a reader that fails leaves its input there and the exit code 1.
program=$1 seconds=$2
shift 2
here=$(dirname "$0")
found=${FOUND:-.build/fuzz/found}
failed=0
for reader in ${*:-$(ls "$here/Corpus")}; do
  mkdir -p "$found/$reader" "$found/faults"
  FUZZ_READER=$reader "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -max_len=65536 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="$found/faults/$reader-" "$found/$reader" "$here/Corpus/$reader" \
    >"$found/$reader.log" 2>&1 || { failed=1; echo "$reader: FAULT, see $found/$reader.log"; }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/$reader.log")
  echo "$reader: ${runs:-?} inputs"
done
exit $failed
