// Packing, and the ordered product in its variants.
// Knows nothing of what the numbers mean; products.inc holds the blocked form that the vector variants share.

#include "kernels.h"
#include "variants.h"

#include <string.h>

typedef float v8 __attribute__((ext_vector_type(8)));
typedef float v16 __attribute__((ext_vector_type(16)));

int ck_supported(int variant) {
  __builtin_cpu_init();
  switch (variant) {
    case CK_PLAIN: return 1;
    case CK_AVX2:
    case CK_WIDE: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case CK_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default: return 0;
  }
}

size_t ck_packed_size(size_t n, size_t k) { return (n + CK_PANEL - 1) / CK_PANEL * CK_PANEL * k; }

void ck_pack_weights(const float *w, size_t first, size_t count, size_t k, float *packed) {
  for (size_t start = 0; start < count; start += CK_PANEL) {
    float *panel = packed + (first + start) * k;
    size_t rows = count - start < CK_PANEL ? count - start : CK_PANEL;
    if (rows < CK_PANEL) memset(panel, 0, CK_PANEL * k * sizeof(float));
    // Eight columns at a time, so that the lines being written stay in the nearest cache.
    for (size_t column = 0; column < k; column += 8) {
      size_t end = column + 8 < k ? column + 8 : k;
      for (size_t row = 0; row < rows; row++) {
        const float *source = w + (start + row) * k;
        for (size_t i = column; i < end; i++) panel[i * CK_PANEL + row] = source[i];
      }
    }
  }
}

void ck_unpack_row(const float *packed, size_t row, size_t k, float *out) {
  const float *source = packed + row / CK_PANEL * CK_PANEL * k + row % CK_PANEL;
  for (size_t i = 0; i < k; i++) out[i] = source[i * CK_PANEL];
}

// Rows of tile t when m rows are spread over tiles as evenly as can be.
static inline size_t tile_count(size_t m) { return (m + CK_TILE - 1) / CK_TILE; }
static inline size_t tile_rows(size_t m, size_t tile) {
  size_t tiles = tile_count(m);
  return m / tiles + (tile < m % tiles);
}
static inline size_t tile_start(size_t m, size_t tile) {
  size_t tiles = tile_count(m);
  return tile * (m / tiles) + (tile < m % tiles ? tile : m % tiles);
}

void ck_pack_rows(int variant, const float *a, size_t stride, size_t m, size_t k, float *packed) {
  (void)variant;
  for (size_t tile = 0; m > 0 && tile < tile_count(m); tile++) {
    size_t rows = tile_rows(m, tile);
    for (size_t start = 0; start < k; start += 16) {
      size_t end = start + 16 < k ? start + 16 : k;
      for (size_t row = 0; row < rows; row++) {
        const float *source = a + row * stride;
        for (size_t i = start; i < end; i++) packed[i * rows + row] = source[i];
      }
    }
    a += rows * stride;
    packed += rows * k;
  }
}

void ck_pack_columns(const float *m, size_t stride, size_t n, size_t k, float *packed) {
  for (size_t start = 0; start < n; start += CK_PANEL) {
    size_t columns = n - start < CK_PANEL ? n - start : CK_PANEL;
    float *panel = packed + start * k;
    if (columns == CK_PANEL)
      for (size_t i = 0; i < k; i++) memcpy(panel + i * CK_PANEL, m + i * stride + start, CK_PANEL * sizeof(float));
    else
      for (size_t i = 0; i < k; i++) {
        memset(panel + i * CK_PANEL, 0, CK_PANEL * sizeof(float));
        memcpy(panel + i * CK_PANEL, m + i * stride + start, columns * sizeof(float));
      }
  }
}

void ck_pack_column_tiles(const float *m, size_t stride, size_t n, size_t k, float *packed) {
  for (size_t tile = 0; n > 0 && tile < tile_count(n); tile++) {
    size_t columns = tile_rows(n, tile);
    const float *source = m + tile_start(n, tile);
    for (size_t i = 0; i < k; i++)
      for (size_t j = 0; j < columns; j++) packed[i * columns + j] = source[i * stride + j];
    packed += columns * k;
  }
}

void ck_transpose_panels(const float *packed, size_t n, size_t k, size_t first, size_t last, float *transposed) {
  size_t rows = (k + CK_PANEL - 1) / CK_PANEL;
  for (size_t panel = first; panel < last; panel++) {
    size_t width = n - panel * CK_PANEL < CK_PANEL ? n - panel * CK_PANEL : CK_PANEL;
    for (size_t block = 0; block < rows; block++) {
      const float *source = packed + (panel * k + block * CK_PANEL) * CK_PANEL;
      float *target = transposed + (block * n + panel * CK_PANEL) * CK_PANEL;
      size_t height = k - block * CK_PANEL < CK_PANEL ? k - block * CK_PANEL : CK_PANEL;
      for (size_t j = 0; j < width; j++) {
        for (size_t i = 0; i < height; i++) target[j * CK_PANEL + i] = source[i * CK_PANEL + j];
        for (size_t i = height; i < CK_PANEL; i++) target[j * CK_PANEL + i] = 0;
      }
    }
  }
}

// The plain twin: what the product is, one element after the other.
static void product_plain(
    const float *packed_a, size_t m, size_t k, const float *packed_w, size_t panel_stride, size_t first, size_t last,
    size_t n, float *c, size_t c_stride, int mode) {
  size_t row = 0;
  for (size_t tile = 0; m > 0 && tile < tile_count(m); tile++) {
    size_t rows = tile_rows(m, tile);
    const float *tile_a = packed_a + row * k;
    for (size_t r = 0; r < rows; r++)
      for (size_t column = first * CK_PANEL; column < last * CK_PANEL && column < n; column++) {
        const float *w = packed_w + column / CK_PANEL * panel_stride + column % CK_PANEL;
        float *target = c + (row + r) * c_stride + column;
        float sum = mode == CK_CONTINUE ? *target : 0;
        for (size_t i = 0; i < k; i++) sum = __builtin_fmaf(tile_a[i * rows + r], w[i * CK_PANEL], sum);
        *target = mode == CK_ADD ? *target + sum : sum;
      }
    row += rows;
  }
}

#pragma clang attribute push(__attribute__((target(CK_AVX512_FEATURES))), apply_to = function)
#define V v16
#define VL 16
#define VARIANT(name) name##_avx512
#define MAX_ROWS 12
#include "products.inc"
#undef VARIANT
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(CK_AVX2_FEATURES))), apply_to = function)
#define VARIANT(name) name##_wide
#include "products.inc"
#undef V
#undef VL
#undef VARIANT
#undef MAX_ROWS

#define V v8
#define VL 8
#define VARIANT(name) name##_avx2
#define MAX_ROWS 6
#include "products.inc"
#undef V
#undef VL
#undef VARIANT
#undef MAX_ROWS
#pragma clang attribute pop

void ck_product(
    int variant, const float *packed_a, size_t m, size_t k, const float *packed_w, size_t panel_stride, size_t first,
    size_t last, size_t n, float *c, size_t c_stride, int mode) {
  switch (variant) {
    case CK_AVX512:
      product_avx512(packed_a, m, k, packed_w, panel_stride, first, last, n, c, c_stride, mode);
      break;
    case CK_WIDE: product_wide(packed_a, m, k, packed_w, panel_stride, first, last, n, c, c_stride, mode); break;
    case CK_AVX2: product_avx2(packed_a, m, k, packed_w, panel_stride, first, last, n, c, c_stride, mode); break;
    default: product_plain(packed_a, m, k, packed_w, panel_stride, first, last, n, c, c_stride, mode);
  }
}
