#!/bin/sh
# Fuzzes each reader for some seconds, beginning with the corpus: fuzz.sh PROGRAM SECONDS [READER…]
# What is found is kept in the folder FOUND; a reader that fails leaves its input there and the exit code 1.
# With SECONDS 0 nothing is fuzzed: of what was found, the few files that together reach all that the corpus does not are
# added to the corpus.
program=$1 seconds=$2
shift 2
here=$(dirname "$0")
found=${FOUND:-.build/fuzz/found}
failed=0
for reader in ${*:-$(ls "$here/Corpus")}; do
  mkdir -p "$found/$reader" "$found/faults"
  export FUZZ_READER="$reader"
  if [ "$seconds" = 0 ]; then
    "$program" -set_cover_merge=1 -use_counters=0 -max_len=65536 -timeout=100 "$here/Corpus/$reader" "$found/$reader" >"$found/$reader.merge.log" 2>&1 ||
      { failed=1; echo "$reader: not merged, see $found/$reader.merge.log"; }
    continue
  fi
  # Archives and trainings are no smaller; everything else that matters fits in 4 KB, and small inputs run faster.
  case $reader in archive | training | gguf) length=32768 ;; *) length=4096 ;; esac
  "$program" -max_total_time="$seconds" -max_len=$length -timeout=10 -report_slow_units=2 -rss_limit_mb=2048 \
    -malloc_limit_mb=512 -verbosity=0 -print_final_stats=1 -artifact_prefix="$found/faults/$reader-" \
    "$found/$reader" "$here/Corpus/$reader" >"$found/$reader.log" 2>&1 ||
    { failed=1; echo "$reader: FAULT, see $found/$reader.log"; }
  echo "$reader: $(sed -n 's/^stat::number_of_executed_units: *//p' "$found/$reader.log") inputs"
done
exit $failed
