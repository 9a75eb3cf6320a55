// The loops beside the products: norms, rotations, gates, exponentials, softmax, in three variants with the same bits.
// Knows nothing of models; loops.inc is the one text that all three variants are compiled from.

#include "kernels.h"
#include "variants.h"

#include <math.h>
#include <string.h>

// Without fused multiply-add instructions fmaf is a correctly rounded function, so that the bits stay.
#define VARIANT(name) name##_plain
#include "loops.inc"
#undef VARIANT

#pragma clang attribute push(__attribute__((target(CK_AVX2_FEATURES))), apply_to = function)
#define VARIANT(name) name##_avx2
#include "loops.inc"
#undef VARIANT
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(CK_AVX512_FEATURES))), apply_to = function)
#define VARIANT(name) name##_avx512
#include "loops.inc"
#undef VARIANT
#pragma clang attribute pop

#define CHOOSE(variant, name, ...)                                  \
  ((variant) == CK_AVX512 ? name##_avx512(__VA_ARGS__)              \
   : (variant) == CK_AVX2 ? name##_avx2(__VA_ARGS__)                \
                          : name##_plain(__VA_ARGS__))

void ck_rms_norm(
    int variant, const float *x, const float *gain, float epsilon, size_t rows, size_t width, size_t x_stride,
    float *out, size_t out_stride) {
  for (size_t row = 0; row < rows; row++)
    CHOOSE(variant, rms_norm, x + row * x_stride, gain, epsilon, width, out + row * out_stride);
}

void ck_rope(int variant, float *head, size_t size, const float *cosine, const float *sine, int half_split) {
  CHOOSE(variant, rope, head, size, cosine, sine, half_split);
}

void ck_swiglu(int variant, float *gate, const float *up, size_t n) {
  CHOOSE(variant, swiglu, gate, up, n);
}

void ck_add(int variant, float *x, const float *y, size_t n) { CHOOSE(variant, add, x, y, n); }

void ck_scale(int variant, float *x, float factor, size_t n) { CHOOSE(variant, scale, x, factor, n); }

void ck_exp(int variant, float *x, size_t n) { CHOOSE(variant, exponentials, x, n); }

float ck_softmax(int variant, float *scores, float scale, size_t n) {
  return CHOOSE(variant, softmax, scores, scale, n);
}

void ck_log_sum_exp_part(int variant, const float *x, size_t n, float *largest, double *sum) {
  CHOOSE(variant, log_sum_exp_part, x, n, largest, sum);
}

size_t ck_argmax(int variant, const float *x, size_t n) { return CHOOSE(variant, argmax, x, n); }
