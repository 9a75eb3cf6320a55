// Runs every kernel in every variant that the processor has and compares the bytes.
// Knows nothing of where it runs: on a host as it is, or as the only program of an emulated machine (machine.S).
//
// A NaN equals a NaN: its sign and payload follow from which operand the compiler puts first, which C leaves open.

#include "cases.h"
#include "kernels.h"

#include <string.h>

enum { GUARD = 64, VARIANTS = 3 };

static const char *const variant_names[VARIANTS] = {"plain", "AVX2", "AVX-512"};

// All that prints: the emulated machine has it, too.
int putchar(int character);

static void print(const char *text) {
  while (*text) putchar(*text++);
}

static void print_count(uint64_t n) {
  if (n > 9) print_count(n / 10);
  putchar('0' + (int)(n % 10));
}

static void print_bits(uint32_t bits) {
  for (int shift = 28; shift >= 0; shift -= 4) putchar("0123456789abcdef"[bits >> shift & 15]);
}

static float results[VARIANTS][CASE_ROOM + GUARD];

// What stands where no kernel has written.
static void wipe(size_t count) {
  for (int variant = 0; variant < VARIANTS; variant++) memset(results[variant], 0x55, count * sizeof(float));
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static int same(float x, float y) { return bits_of(x) == bits_of(y) || (x != x && y != y); }

// The first float, up to some behind the results, in which a variant differs from the plain one; `count` if none does.
static size_t first_difference(int variant, size_t count) {
  size_t i = 0;
  while (i < count && same(results[variant][i], results[CK_PLAIN][i])) i++;
  return i;
}

static void print_difference(int variant, uint64_t which, size_t place) {
  print(", DIFFERENT: ");
  print(variant_names[variant]);
  print(", case ");
  print_count(which);
  print(", float ");
  print_count(place);
  print(" is ");
  print_bits(bits_of(results[variant][place]));
  print(", plain ");
  print_bits(bits_of(results[CK_PLAIN][place]));
}

// Compares all cases of a kernel; returns how many differ, and prints the first.
static uint64_t compare(const kernel *kernel) {
  uint64_t differing = 0;
  for (uint64_t which = 0; which < kernel->cases; which++) {
    size_t count = run_case(kernel, which, CK_PLAIN, results[CK_PLAIN]) + GUARD;
    int equal = 1;
    for (int variant = CK_AVX2; variant <= CK_AVX512; variant++) {
      if (!ck_supported(variant)) continue;
      run_case(kernel, which, variant, results[variant]);
      size_t place = first_difference(variant, count);
      if (place == count) continue;
      if (equal && differing == 0) print_difference(variant, which, place);
      equal = 0;
    }
    differing += !equal;
    wipe(count);
  }
  return differing;
}

int main(void) {
  uint64_t cases = 0, differing = 0;
  wipe(CASE_ROOM + GUARD);
  for (const kernel *kernel = kernels; kernel < kernels + kernel_count; kernel++) {
    print(kernel->name);
    print(": ");
    print_count(kernel->cases);
    print(" cases");
    uint64_t here = compare(kernel);
    if (here == 0) print(", equal");
    print("\n");
    cases += kernel->cases;
    differing += here;
  }
  print("ran:");
  for (int variant = 0; variant < VARIANTS; variant++)
    if (ck_supported(variant)) print(" "), print(variant_names[variant]);
  print("; ");
  print_count(kernel_count);
  print(" kernels, ");
  print_count(cases);
  print(" cases, ");
  print_count(differing);
  print(" different\n");
  return differing > 0;
}
