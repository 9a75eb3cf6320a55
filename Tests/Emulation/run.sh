#!/bin/sh
# Runs the AVX-512 variant of the kernels on any x86-64 host, by an emulated processor, and compares it bit for bit with
# the plain and the AVX2 variant. Fails unless every kernel ran in all three variants and none differs.
#
# Bochs emulates a whole machine with a Skylake-X. Its disk holds a boot sector (machine.S) and compare.c with the kernels,
# compiled by Swift's clang with the flags of Package.swift, and nothing else: there is no operating system. Takes two minutes
# of one core. Needs the Debian packages below, and installs them.
#
# KERNELS=FOLDER compares the kernels in FOLDER instead: what is changed there in one variant must be found.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/Tests/Emulation
kernels=${KERNELS:-$root/Sources/CKernels}
work=$root/.build/avx512

. "$here/machine.sh"
need bochs bochs-term bochsbios vgabios

tools=$(dirname "$(readlink -f "$(command -v swift)")")
exact=$(sed -n '/^let exact/,/^]/s/.*unsafeFlags(\[\(.*\)\]).*/\1/p' "$root/Package.swift" | tr -d '",')
[ -n "$exact" ] || { echo "Package.swift has no flags of CKernels where they were"; exit 1; }
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# As `swift build -c release` compiles them.
for file in products loops attention attention_backward; do
  "$tools/clang" -O2 -DSWIFT_PACKAGE=1 -fblocks -I "$kernels/include" $exact -fPIC -fno-omit-frame-pointer \
    -c "$kernels/$file.c" -o "$file.o"
done
for file in cases compare; do
  "$tools/clang" -O2 -Wall -Wextra -Werror -I "$kernels/include" -I "$kernels" -c "$here/$file.c" -o "$file.o"
done
"$tools/clang" -c "$here/machine.S" -o machine.o
objects="cases.o compare.o products.o loops.o attention.o attention_backward.o"

echo "== the compiled code"
"$tools/llvm-objdump" -d --no-show-raw-insn products.o loops.o | awk '
  /^[0-9a-f]+ <.*>:$/ { name = $2; if (name ~ /_avx512>/) { all++; if (name ~ /<block_/) blocks++ } }
  name ~ /_avx512>/ && /%zmm/ && !wide[name]++ { zmm++ }
  name ~ /<block_.*_avx512>/ && /vfmadd.*ps.*%zmm/ && !fused[name]++ { multiplying++ }
  END {
    printf "%d of %d blocks of products have fused multiply-adds of zmm registers; %d of %d functions use zmm registers\n",
      multiplying, blocks, zmm, all
    exit !(blocks > 0 && multiplying == blocks)
  }'

echo "== on this processor"
"$tools/clang" $objects -lm -o native
./native

echo "== on the emulated processor"
"$tools/clang" -fuse-ld=lld -nostdlib -static -T "$here/machine.ld" machine.o $objects -lgcc -o machine.elf
"$tools/llvm-objcopy" -O binary machine.elf disk
truncate -s 1032192 disk
emulate 3600 4000000 32 <<'END' | tee bochs.out | grep --line-buffered -E ' cases|^ran:' || true
ata0-master: type=disk, path=disk, mode=flat, cylinders=2, heads=16, spt=63
boot: disk
port_e9_hack: enabled=1
END
grep -q '^ran: plain AVX2 AVX-512;.* 0 different$' bochs.out || {
  echo "FAILED: a kernel differs, or the emulator did not reach the end (see $work/bochs.log, bochs.out and bochs.err)"
  exit 1
}
