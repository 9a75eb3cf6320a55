#!/bin/sh
# Runs two trainings by the built program on an emulated processor with AVX-512, and compares every object of their stores
# with what this host's processor makes: a small model in three ways for many steps, and the real one for a few.
#
# Bochs emulates a machine with a Skylake-X, on which Debian's kernel boots with the program, its libraries and the model in
# its memory. An object's name is the digest of its bytes, so equal names are equal bytes: of log-probabilities, of every
# step's loss, and of trained weights. Takes half an hour of one core. Needs the Debian packages below, and installs them.
#
# usage: whole.sh RUNNER MODEL
set -eu
runner=$1
model=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/Tests/Emulation
work=$root/.build/avx512-whole

if grep -qw avx512f /proc/cpuinfo; then
  echo "This host has AVX-512 itself, so there is nothing to compare it with; \`make test\` compares the variants here."
  exit 1
fi

. "$here/machine.sh"
need bochs bochs-term bochsbios vgabios busybox-static grub-common grub-pc-bin xorriso mtools cpio

rm -rf "$work"
mkdir -p "$work/machine/bin" "$work/machine/work" "$work/machine/proc" "$work/machine/dev" "$work/machine/tmp" \
  "$work/image/boot/grub" "$work/kernel"
cd "$work"

echo "== on this processor"
for spec in small real; do
  cp "$here/$spec.yaml" machine/work/
done
cp "$here/numbers.jsonl" "$here/short.jsonl" machine/work/
cp "$model" machine/work/model.gguf
for spec in small real; do
  (cd machine/work && "$runner" exec "$spec.yaml" --workers 2 --store "$work/here-$spec" --results "$work/results") | tail -1
done
(cd "$work" && find here-small/objects here-real/objects -type f) | sed 's|.*/objects/||' | sort >here.txt

echo "== on the emulated processor"
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
(cd kernel && apt-get download -qq "$kernel" && dpkg-deb -x ./*.deb .)
cp kernel/boot/vmlinuz-* image/boot/vmlinuz
cp /bin/busybox machine/bin/
cp "$runner" machine/bin/runner
strip machine/bin/runner
# What the program is linked with, at the places where it looks.
ldd "$runner" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "machine$(dirname "$library")"
  cp -L "$library" "machine$library"
done
cat >machine/init <<'END'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t tmpfs -o size=900m tmp /tmp
export PATH=/bin HOME=/tmp LANG=C
cd /work
for flag in fma avx512f avx512bw avx512dq avx512vl; do /bin/busybox grep -qw "$flag" /proc/cpuinfo && echo "has $flag"; done
for spec in small real; do
  runner exec $spec.yaml --workers 1 --store /tmp/$spec --results /tmp/results 2>&1 | /bin/busybox cat
done
/bin/busybox find /tmp/small/objects /tmp/real/objects -type f | /bin/busybox sed 's|.*/objects/|object |'
echo END
/bin/busybox sleep 1
/bin/busybox poweroff -f
END
chmod +x machine/init
(cd machine && find . | cpio -o -H newc --quiet >../image/boot/initrd)
# The kernel's sum of the sizes of saved registers is not the emulator's where they are saved closely packed.
cat >image/boot/grub/grub.cfg <<'END'
set timeout=0
menuentry experiments {
  linux /boot/vmlinuz console=ttyS0 nokaslr mitigations=off tsc=reliable clearcpuid=321,323 quiet rdinit=/init
  initrd /boot/initrd
}
END
grub-mkrescue -o disk.iso image >grub.log 2>&1
emulate 7200 50000000 3072 >bochs.out <<'END' || true
ata0-master: type=cdrom, path=disk.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=serial.out
clock: sync=none
END
tr -d '\r' <serial.out | grep -E '^has |steps ran' || true
# What the program asks for before it takes that variant.
for flag in avx512f avx512bw avx512dq avx512vl; do
  grep -q "^has $flag" serial.out || { echo "FAILED: the emulated processor has no $flag (see $work/serial.out)"; exit 1; }
done
tr -d '\r' <serial.out | sed -n 's/^object //p' | sort >there.txt
grep -q '^END' serial.out && cmp here.txt there.txt || { echo "FAILED: the stores differ (see $work)"; exit 1; }
echo "$(wc -l <here.txt) objects, the same bytes"
