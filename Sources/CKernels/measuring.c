// Loops that show what the machine can do: its rate of fused multiply-adds and of reading memory.
// Knows nothing of clocks; the caller times them.

#include "kernels.h"
#include "variants.h"

typedef float m8 __attribute__((ext_vector_type(8)));
typedef float m16 __attribute__((ext_vector_type(16)));

// The empty statement makes the compiler keep every operation.
#define PEAK(NAME, V)                                                                                       \
  static double NAME(long steps) {                                                                          \
    V sum[12], x = (V)(1.0000001f), y = (V)(1e-9f);                                                         \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) sum[i] = (V)((float)i);                 \
    for (long step = 0; step < steps; step++)                                                               \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {                                     \
        sum[i] = __builtin_elementwise_fma(x, y, sum[i]);                                                   \
        __asm__ volatile("" : "+x"(sum[i]));                                                                \
      }                                                                                                     \
    return 12.0 * 2 * sizeof(V) / sizeof(float) * (double)steps;                                            \
  }

#pragma clang attribute push(__attribute__((target(CK_AVX512_FEATURES))), apply_to = function)
PEAK(peak_avx512, m16)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target(CK_AVX2_FEATURES))), apply_to = function)
PEAK(peak_avx2, m8)
#pragma clang attribute pop

double ck_peak_loop(int variant, long steps) {
  if (variant == CK_AVX512) return peak_avx512(steps);
  if (variant == CK_AVX2 || variant == CK_WIDE) return peak_avx2(steps);
  volatile float sum = 0;
  for (long step = 0; step < steps; step++) sum = __builtin_fmaf(1.0000001f, 1e-9f, sum);
  return 2.0 * (double)steps;
}

float ck_read_loop(const float *x, size_t n) {
  float lanes[128] = {0};
  for (size_t i = 0; i + 128 <= n; i += 128)
    for (int j = 0; j < 128; j++) lanes[j] += x[i + j];
  float sum = 0;
  for (int j = 0; j < 128; j++) sum += lanes[j];
  return sum;
}
