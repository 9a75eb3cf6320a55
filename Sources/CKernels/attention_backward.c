// What causal attention does to gradients, for one key/value head, by ordered products over tiles of positions.
// Knows nothing of sequences or layers. Tiles are cut by position alone, so that no chain depends on anything else.

#include "attention_rows.h"
#include "kernels.h"

#include <string.h>

// Positions in one tile; part of the order of summation, so it never changes.
enum { POSITIONS = 32 };

static size_t padded_keys(size_t keys) { return (keys + CK_PANEL - 1) / CK_PANEL * CK_PANEL; }

size_t ck_attention_backward_scratch(size_t keys, size_t group, size_t size) {
  size_t rows = POSITIONS * group, padded = padded_keys(keys), wide = (size + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  // Queries and d(output): plain, packed by rows, packed by columns; scores, their gradients, one of them packed.
  return rows * (2 * size + size + 2 * wide + 3 * padded) + rows * size;
}

// C[key][element] continues its chain over the tile's rows: left[row][key] · right[row][element].
static void add_outer(
    int variant, const float *left, size_t stride, size_t keys, const float *right, size_t rows, size_t size,
    float *gradients, size_t gradient_stride, float *packed) {
  if (keys == 0) return;
  ck_pack_column_tiles(left, stride, keys, rows, packed);
  ck_product(
      variant, packed, keys, rows, right, CK_PANEL * rows, 0, (size + CK_PANEL - 1) / CK_PANEL, size, gradients,
      gradient_stride, CK_CONTINUE);
}

static void tile_backward(
    int variant, const float *q, size_t q_stride, const float *dout, size_t dout_stride,
    const ck_attention_memory *memory, size_t start, size_t positions, size_t group, size_t size, float scale, float *dq,
    size_t dq_stride, float *scratch) {
  size_t rows = positions * group, seen = start + positions, padded = padded_keys(seen), panels = padded / CK_PANEL;
  size_t element_panels = (size + CK_PANEL - 1) / CK_PANEL, wide = element_panels * CK_PANEL;
  float *plain_q = scratch, *plain_d = plain_q + rows * size, *packed = plain_d + rows * size;
  float *q_columns = packed + rows * size, *d_columns = q_columns + rows * wide, *p = d_columns + rows * wide;
  float *ds = p + rows * padded, *keys_packed = ds + rows * padded, *result = keys_packed + rows * padded;

  for (size_t i = 0; i < positions; i++) {
    memcpy(plain_q + i * group * size, q + i * q_stride, group * size * sizeof(float));
    memcpy(plain_d + i * group * size, dout + i * dout_stride, group * size * sizeof(float));
  }
  ck_pack_rows(variant, plain_q, size, rows, size, packed);
  ck_product(
      variant, packed, rows, size, memory->keys, CK_PANEL * size, 0, panels, padded, p, padded, CK_STORE);
  ck_pack_rows(variant, plain_d, size, rows, size, packed);
  ck_product(
      variant, packed, rows, size, memory->values, CK_PANEL * size, 0, panels, padded, ds, padded, CK_STORE);
  for (size_t row = 0; row < rows; row++) {
    size_t n = start + row / group + 1;
    ck_probabilities(variant, p + row * padded, scale, n, padded);
    ck_score_gradient(variant, p + row * padded, ds + row * padded, scale, n, padded);
  }

  ck_pack_rows(variant, ds, padded, rows, seen, keys_packed);
  ck_product(
      variant, keys_packed, rows, seen, memory->turned_keys, memory->turned_stride, 0, element_panels, size, result,
      size, CK_STORE);
  for (size_t i = 0; i < positions; i++)
    memcpy(dq + i * dq_stride, result + i * group * size, group * size * sizeof(float));

  ck_pack_columns(plain_q, size, size, rows, q_columns);
  ck_pack_columns(plain_d, size, size, rows, d_columns);
  size_t shared = memory->shared < seen ? memory->shared : seen, stride = memory->gradient_stride;
  float *first = memory->shared_gradients, *own = memory->own_gradients;
  add_outer(variant, ds, padded, shared, q_columns, rows, size, first, stride, keys_packed);
  add_outer(variant, ds + shared, padded, seen - shared, q_columns, rows, size, own, stride, keys_packed);
  first += memory->value_offset, own += memory->value_offset;
  add_outer(variant, p, padded, shared, d_columns, rows, size, first, stride, keys_packed);
  add_outer(variant, p + shared, padded, seen - shared, d_columns, rows, size, own, stride, keys_packed);
}

void ck_attention_backward(
    int variant, const float *q, size_t q_stride, const float *dout, size_t dout_stride,
    const ck_attention_memory *memory, size_t start, size_t positions, size_t group, size_t size, float scale, float *dq,
    size_t dq_stride, float *scratch) {
  for (size_t p = 0; p < positions; p += POSITIONS)
    tile_backward(
        variant, q + p * q_stride, q_stride, dout + p * dout_stride, dout_stride, memory, start + p,
        positions - p < POSITIONS ? positions - p : POSITIONS, group, size, scale, dq + p * dq_stride, dq_stride,
        scratch);
}
