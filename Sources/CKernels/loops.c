// The loops beside the products: norms, rotations, gates, exponentials, softmax, in variants with the same bits.
// Knows nothing of models; loops.inc is the one text that all variants are compiled from.

#include "kernels.h"
#include "attention_rows.h"
#include "variants.h"

#include <math.h>
#include <string.h>

// Blocks of random numbers that are computed side by side; the numbers do not depend on it.
enum { CK_STREAMS = 8 };

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
  ((variant) == CK_AVX512  ? name##_avx512(__VA_ARGS__)             \
   : (variant) == CK_PLAIN ? name##_plain(__VA_ARGS__)              \
                           : name##_avx2(__VA_ARGS__))

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

void ck_rms_norm_backward(
    int variant, const float *x, const float *gain, float epsilon, size_t rows, size_t width, const float *dy, float *dx,
    float *factors) {
  for (size_t row = 0; row < rows; row++)
    factors[row] = CHOOSE(
        variant, rms_norm_backward, x + row * width, gain, epsilon, width, dy + row * width, dx + row * width);
}

void ck_gain_gradient(
    int variant, const float *x, const float *factors, const float *dy, size_t rows, size_t width, size_t first,
    size_t last, float *gradient) {
  for (size_t row = 0; row < rows; row++)
    CHOOSE(
        variant, gain_gradient, x + row * width + first, factors[row], dy + row * width + first, last - first,
        gradient + first);
}

void ck_column_sums(int variant, const float *x, size_t rows, size_t stride, size_t first, size_t last, float *sums) {
  for (size_t row = 0; row < rows; row++)
    CHOOSE(variant, add, sums + first, x + row * stride + first, last - first);
}

void ck_swiglu_backward(int variant, float *gate, float *up, const float *dy, float *activated, size_t n) {
  CHOOSE(variant, swiglu_backward, gate, up, dy, activated, n);
}

void ck_softmax_gradient(int variant, float *x, float largest, float factor, float offset, size_t n) {
  CHOOSE(variant, softmax_gradient, x, largest, factor, offset, n);
}

void ck_add_scaled(int variant, float *y, const float *x, float factor, size_t n) {
  CHOOSE(variant, add_scaled, y, x, factor, n);
}

void ck_merge(int variant, float *out, const float *base, const float *x, float factor, size_t n) {
  CHOOSE(variant, merge, out, base, x, factor, n);
}

void ck_dropout(
    int variant, const float *x, size_t n, const uint64_t *key, uint64_t first, uint64_t sample, uint32_t threshold,
    float factor, float *out) {
  CHOOSE(variant, dropout, x, n, key, first, sample, threshold, factor, out);
}

double ck_sum(int variant, const float *x, size_t n) { return CHOOSE(variant, sum, x, n); }

double ck_sum_of_squares(int variant, const float *x, size_t n) { return CHOOSE(variant, sum_of_squares, x, n); }

void ck_adamw(
    int variant, float *w, const float *g, float *m, float *v, size_t n, const ck_adamw_step *constants) {
  CHOOSE(variant, adamw, w, g, m, v, n, constants);
}

void ck_probabilities(int variant, float *scores, float scale, size_t n, size_t padded) {
  CHOOSE(variant, probabilities, scores, scale, n, padded);
}

void ck_score_gradient(int variant, const float *p, float *dp, float scale, size_t n, size_t padded) {
  CHOOSE(variant, score_gradient, p, dp, scale, n, padded);
}
