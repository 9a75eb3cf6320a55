// Causal attention of one key/value head over packed keys and values, by ordered products and one softmax a row.
// Knows nothing of sequences or layers; the caller points at the head's keys and values.

#include "kernels.h"

#include <string.h>

size_t ck_attention_scratch(size_t keys, size_t size) {
  size_t padded = (keys + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  // Packed queries, scores, packed weights, outputs.
  return CK_TILE * (size + padded + padded + (size + CK_PANEL - 1) / CK_PANEL * CK_PANEL);
}

void ck_append_key(const float *key, size_t position, size_t size, float *keys) {
  float *panel = keys + position / CK_PANEL * CK_PANEL * size + position % CK_PANEL;
  for (size_t i = 0; i < size; i++) panel[i * CK_PANEL] = key[i];
}

void ck_append_value(const float *value, size_t position, size_t size, float *values, size_t value_stride) {
  for (size_t i = 0; i < size; i += CK_PANEL) {
    size_t width = size - i < CK_PANEL ? size - i : CK_PANEL;
    memcpy(values + i / CK_PANEL * value_stride + position * CK_PANEL, value + i, width * sizeof(float));
  }
}

// Rows of several positions at once. All rows share the keys up to the first position's; what a later position sees
// beyond them continues its own chains, so that no chain ever touches a key after its position.
static void attend_tile(
    int variant, const float *q, size_t q_stride, const float *keys, const float *values, size_t value_stride,
    size_t start, size_t positions, size_t heads, size_t size, float scale, float *out, size_t out_stride,
    float *scratch) {
  size_t rows = positions * heads, shared = start + 1, seen = start + positions;
  size_t padded = (seen + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  size_t value_panels = (size + CK_PANEL - 1) / CK_PANEL, out_width = value_panels * CK_PANEL;
  float *packed_q = scratch, *scores = packed_q + CK_TILE * size, *weights = scores + CK_TILE * padded;
  float *result = weights + CK_TILE * padded, sums[CK_TILE];

  for (size_t p = 0; p < positions; p++)
    for (size_t h = 0; h < heads; h++)
      for (size_t i = 0; i < size; i++) packed_q[i * rows + p * heads + h] = q[p * q_stride + h * size + i];
  ck_product(
      variant, packed_q, rows, size, keys, CK_PANEL * size, 0, padded / CK_PANEL, padded, scores, padded, CK_STORE);
  for (size_t row = 0; row < rows; row++)
    sums[row] = ck_softmax(variant, scores + row * padded, scale, shared + row / heads);

  ck_pack_rows(variant, scores, padded, rows, shared, weights);
  ck_product(
      variant, weights, rows, shared, values, value_stride, 0, value_panels, out_width, result, out_width, CK_STORE);
  for (size_t p = 1; p < positions; p++) {
    ck_pack_rows(variant, scores + p * heads * padded + shared, padded, heads, p, weights);
    ck_product(
        variant, weights, heads, p, values + shared * CK_PANEL, value_stride, 0, value_panels, out_width,
        result + p * heads * out_width, out_width, CK_CONTINUE);
  }
  for (size_t p = 0; p < positions; p++)
    for (size_t h = 0; h < heads; h++) {
      float factor = 1.0f / sums[p * heads + h];
      for (size_t i = 0; i < size; i++)
        out[p * out_stride + h * size + i] = result[(p * heads + h) * out_width + i] * factor;
    }
}

void ck_attention(
    int variant, const float *q, size_t q_stride, const float *keys, const float *values, size_t value_stride,
    size_t start, size_t positions, size_t group, size_t size, float scale, float *out, size_t out_stride,
    float *scratch) {
  size_t heads = group < CK_TILE ? group : CK_TILE, together = CK_TILE / heads;
  for (size_t p = 0; p < positions; p += together)
    for (size_t h = 0; h < group; h += heads)
      attend_tile(
          variant, q + p * q_stride + h * size, q_stride, keys, values, value_stride, start + p,
          positions - p < together ? positions - p : together, group - h < heads ? group - h : heads, size, scale,
          out + p * out_stride + h * size, out_stride, scratch);
}
