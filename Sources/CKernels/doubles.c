// e^x, ln x, sin x and cos x in double precision from IEEE operations alone, the same bits on every host.
// Knows nothing of speed; these run once a row or once a table.

#include "kernels.h"

#include <string.h>

static double power_of_two(int n) {
  uint64_t bits = (uint64_t)(n + 1023) << 52;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

double ck_exp_double(double x) {
  if (!(x == x)) return x;
  if (x > 709.8) return 0x1p1023 * 0x1p1023;
  if (x < -745.2) return 0;
  double shifted = x * 0x1.71547652b82fep+0 + 0x1.8p+52;
  double whole = shifted - 0x1.8p+52;
  double r = x - whole * 0x1.62e42fefa0000p-1 - whole * 0x1.cf79abc9e3b3ap-40;
  // The series to r^13: its error is below 1e-17 for |r| ≤ 0.35.
  double sum = 1;
  for (int i = 13; i > 0; i--) sum = 1 + sum * r / i;
  int n = (int)whole, half = n / 2;
  return sum * power_of_two(half) * power_of_two(n - half);
}

double ck_log_double(double x) {
  if (!(x == x) || x < 0) return x == x ? 0.0 / (x - x) : x;
  if (x == 0) return -0x1p1023 * 0x1p1023;
  if (x > 0x1.fffffffffffffp1023) return x;
  int exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  exponent += (int)(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffff) | 0x3ff0000000000000;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    exponent += 1;
  }
  // ln m = 2·artanh(s), s = (m - 1) / (m + 1), |s| ≤ 0.172.
  double s = (m - 1) / (m + 1), square = s * s, sum = 0;
  for (int i = 23; i > 1; i -= 2) sum = (sum + 1.0 / i) * square;
  return exponent * 0x1.62e42fefa39efp-1 + (2 * s + 2 * s * sum);
}

void ck_sine_cosine(double x, double *sine, double *cosine) {
  // x = n·π/2 + r with π/2 in three parts of 33 bits, exact for n below 2^20.
  double shifted = x * 0x1.45f306dc9c883p-1 + 0x1.8p+52;
  double whole = shifted - 0x1.8p+52;
  double r = x - whole * 0x1.921fb544p+0 - whole * 0x1.0b4611a6p-34 - whole * 0x1.3198a2e037073p-69;
  double square = r * r, s = 1, c = 1;
  for (int i = 21; i > 1; i -= 2) s = 1 - s * square / ((i - 1) * i);
  for (int i = 22; i > 1; i -= 2) c = 1 - c * square / ((i - 1) * i);
  s *= r;
  switch ((int64_t)whole & 3) {
    case 0: *sine = s, *cosine = c; break;
    case 1: *sine = c, *cosine = -s; break;
    case 2: *sine = -s, *cosine = -c; break;
    default: *sine = -c, *cosine = s;
  }
}
