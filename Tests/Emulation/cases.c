// Hard inputs for every kernel, drawn anew for each call from the kernel's and the case's number.
// Knows nothing of what is compared with what.

#include "cases.h"

#include "attention_rows.h"
#include "kernels.h"

#include <string.h>

enum { LONGEST = 300 };

// Which numbers a case is made of.
enum { ORDINARY, FINITE, SPECIAL, ANY_BITS, KINDS };

static uint64_t number, state;
static int kind;

static uint64_t next(void) {
  uint64_t x = state += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

static size_t below(size_t n) { return (size_t)(next() % n); }

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// In [-4, 4).
static float ordinary(void) { return (float)((int32_t)(next() >> 40) - 0x800000) * 0x1p-21f; }

// One in eight is a zero, a subnormal, a number at an end of the range or beyond the exponential's. The largest come in
// every other case only: where they are, most sums end at infinity.
static float finite(void) {
  uint32_t sign = (uint32_t)next() & 0x80000000, low = (uint32_t)(next() >> 41);
  switch (below(40)) {
    case 0: return from_bits(sign);
    case 1: return from_bits(sign | low);
    case 2: return from_bits(sign | 0x00800000 | low);
    case 3: return from_bits(sign | (number / KINDS % 2 ? 0x7f000000 : 0x01000000) | low);
    case 4: return ordinary() * 30;
    default: return ordinary();
  }
}

static float special(void) {
  switch (below(60)) {
    case 0: return __builtin_inff();
    case 1: return -__builtin_inff();
    case 2: return __builtin_nanf("");
    default: return finite();
  }
}

static float draw(void) {
  switch (kind) {
    case ORDINARY: return ordinary();
    case FINITE: return finite();
    case SPECIAL: return special();
    default: return from_bits((uint32_t)next());
  }
}

// A double as two floats' bytes; every NaN as the same one, since its halves need not look like NaNs.
static size_t store_double(double x, float *out) {
  if (x != x) x = __builtin_nan("");
  memcpy(out, &x, sizeof x);
  return 2;
}

static float *fill(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = draw();
  return x;
}

static float arena[1 << 21];
static size_t taken;

// Memory for n floats, at no particular boundary, that holds no numbers.
static float *take(size_t n) {
  float *start = arena + taken + below(16);
  taken += n + 16;
  memset(start, 0xff, n * sizeof *start);
  return start;
}

static const float *draws(size_t n) { return fill(take(n), n); }

// A length near a multiple of the vectors' lengths, or any.
static size_t length(void) { return below(2) ? 1 + below(LONGEST) : 16 * below(9) + 1 + below(2) * 14 + below(3); }

// --- kernels: each writes its results to `out` and says how many floats they take ------------------------------------

static size_t panels(size_t n) { return (n + CK_PANEL - 1) / CK_PANEL; }

static size_t run_product(int variant, size_t m, size_t n, size_t k, int mode, float *out) {
  size_t stride = k + below(3), panel_stride = CK_PANEL * k, c_stride = n + below(5);
  float *rows = take(m * k), *weights = take(ck_packed_size(n, k));
  ck_pack_rows(variant, draws(m * stride), stride, m, k, rows);
  ck_pack_weights(draws(n * k), 0, n, k, weights);
  size_t first = below(4) ? 0 : below(panels(n)), last = below(4) ? panels(n) : first + below(panels(n) - first + 1);
  fill(out, m * c_stride);
  ck_product(variant, rows, m, k, weights, panel_stride, first, last, n, out, c_stride, mode);
  return m * c_stride;
}

static size_t product(int variant, float *out) {
  static const size_t widths[] = {1, 7, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129, 160, 200, 290};
  size_t m = 1 + number / KINDS % 30, k = below(3) ? below(24) : 1 + below(130);
  return run_product(variant, m, widths[below(20)], k, (int)(number / (30 * KINDS) % 3), out);
}

// So many columns of A that its tiles no longer stay in the cache together: the blocked order.
static size_t long_product(int variant, float *out) {
  kind = ORDINARY;
  return run_product(variant, 25 + below(12), 33, 5500, (int)(number % 3), out);
}

static size_t pack_rows(int variant, float *out) {
  size_t m = 1 + number % 40, k = length(), stride = k + below(3);
  ck_pack_rows(variant, draws(m * stride), stride, m, k, out);
  return m * k;
}

static size_t rms_norm(int variant, float *out) {
  size_t rows = 1 + below(3), n = length(), stride = n + below(3), out_stride = n + below(3);
  ck_rms_norm(variant, draws(rows * stride), draws(n), 1e-5f, rows, n, stride, out, out_stride);
  return rows * out_stride;
}

static size_t rope(int variant, float *out) {
  size_t size = 2 * (1 + below(70));
  fill(out, size);
  ck_rope(variant, out, size, draws(size / 2), draws(size / 2), (int)below(2));
  return size;
}

static size_t swiglu(int variant, float *out) {
  size_t n = length();
  ck_swiglu(variant, fill(out, n), draws(n), n);
  return n;
}

static size_t add(int variant, float *out) {
  size_t n = length();
  ck_add(variant, fill(out, n), draws(n), n);
  return n;
}

static size_t scale(int variant, float *out) {
  size_t n = length();
  ck_scale(variant, fill(out, n), draw(), n);
  return n;
}

static size_t exponential(int variant, float *out) {
  size_t n = length();
  ck_exp(variant, fill(out, n), n);
  return n;
}

// All of e^x where it is neither 0 nor infinite, in steps.
static size_t exponential_range(int variant, float *out) {
  size_t n = 1000;
  for (size_t i = 0; i < n; i++) out[i] = -105 + ((float)number * 1000 + (float)i) * (195.0f / 200000);
  ck_exp(variant, out, n);
  return n;
}

static size_t softmax(int variant, float *out) {
  size_t n = length();
  fill(out, n);
  out[n] = ck_softmax(variant, out, below(2) ? 0.125f : draw(), n);
  return n + 1;
}

static size_t log_sum_exp_part(int variant, float *out) {
  size_t n = length();
  double sum;
  ck_log_sum_exp_part(variant, draws(n), n, out, &sum);
  return 1 + store_double(sum, out + 1);
}

static size_t argmax(int variant, float *out) {
  size_t n = length();
  float *x = fill(take(n), n);
  // Equal numbers, the largest among them.
  for (size_t i = 0; i < n && number % 2; i++) x[i] = (float)below(5);
  out[0] = (float)ck_argmax(variant, x, n);
  return 1;
}

static size_t rms_norm_backward(int variant, float *out) {
  size_t rows = 1 + below(3), n = length();
  fill(out, rows * n);
  ck_rms_norm_backward(
      variant, draws(rows * n), draws(n), 1e-5f, rows, n, draws(rows * n), out, out + rows * n);
  return rows * (n + 1);
}

static size_t gain_gradient(int variant, float *out) {
  size_t rows = 1 + below(5), n = length(), first = below(n), last = first + below(n - first + 1);
  fill(out, n);
  ck_gain_gradient(variant, draws(rows * n), draws(rows), draws(rows * n), rows, n, first, last, out);
  return n;
}

static size_t column_sums(int variant, float *out) {
  size_t rows = 1 + below(5), n = length(), stride = n + below(3), first = below(n), last = first + below(n - first + 1);
  fill(out, n);
  ck_column_sums(variant, draws(rows * stride), rows, stride, first, last, out);
  return n;
}

static size_t swiglu_backward(int variant, float *out) {
  size_t n = length();
  ck_swiglu_backward(variant, fill(out, n), fill(out + n, n), draws(n), out + 2 * n, n);
  return 3 * n;
}

static size_t softmax_gradient(int variant, float *out) {
  size_t n = length();
  fill(out, n);
  ck_softmax_gradient(variant, out, draw(), draw(), draw(), n);
  return n;
}

static size_t add_scaled(int variant, float *out) {
  size_t n = length();
  ck_add_scaled(variant, fill(out, n), draws(n), draw(), n);
  return n;
}

static size_t merge(int variant, float *out) {
  size_t n = length();
  ck_merge(variant, out, draws(n), draws(n), draw(), n);
  return n;
}

static size_t dropout(int variant, float *out) {
  size_t n = length();
  uint64_t key[4] = {next(), next(), next(), next()};
  const float *x = below(2) ? draws(n) : fill(out, n);
  uint64_t first = next(), sample = next();
  ck_dropout(variant, x, n, key, first, sample, (uint32_t)next(), 1.25f, out);
  return n;
}

static size_t sum(int variant, float *out) {
  size_t n = length() - 1;
  return store_double(ck_sum(variant, draws(n), n), out);
}

static size_t sum_of_squares(int variant, float *out) {
  size_t n = length() - 1;
  return store_double(ck_sum_of_squares(variant, draws(n), n), out);
}

static size_t adamw(int variant, float *out) {
  size_t n = length();
  ck_adamw_step step = {
    .gradient_scale = 0.5f, .beta1 = 0.9f, .beta2 = 0.999f, .step = 1e-3f, .root_scale = 31.6f, .epsilon = 1e-8f,
    .keep = 0.9999f};
  float *w = fill(out, n), *m = fill(out + n, n), *v = fill(out + 2 * n, n);
  for (size_t i = 0; i < n && number / KINDS % 2; i++) v[i] = __builtin_fabsf(v[i]);
  ck_adamw(variant, w, draws(n), m, v, n, &step);
  return 3 * n;
}

static size_t probabilities(int variant, float *out) {
  size_t n = length(), padded = panels(n) * CK_PANEL;
  fill(out, padded);
  ck_probabilities(variant, out, 0.125f, n, padded);
  return padded;
}

static size_t score_gradient(int variant, float *out) {
  size_t n = length(), padded = panels(n) * CK_PANEL;
  fill(out, padded);
  ck_score_gradient(variant, draws(padded), out, 0.125f, n, padded);
  return padded;
}

// A head with `start` earlier positions and some after them.
typedef struct {
  size_t start, positions, seen, group, size, stride;
} head;

static head draw_head(void) {
  static const size_t groups[] = {1, 1, 2, 3, 4, 5, 9, 12, 13, 20}, sizes[] = {1, 8, 16, 31, 32, 33, 40, 64};
  head h = {.start = below(70), .positions = 1 + below(40), .group = groups[below(10)], .size = sizes[below(8)]};
  h.seen = h.start + h.positions;
  h.stride = h.group * h.size + below(4);
  return h;
}

static size_t attention(int variant, float *out) {
  head h = draw_head();
  size_t capacity = panels(h.seen) * CK_PANEL, value_stride = capacity * CK_PANEL;
  // What no position has written must not be seen: it is not a number.
  float *keys = take(capacity * h.size), *values = take(panels(h.size) * value_stride);
  for (size_t position = 0; position < h.seen; position++) {
    ck_append_key(draws(h.size), position, h.size, keys);
    ck_append_value(draws(h.size), position, h.size, values, value_stride);
  }
  ck_attention(
      variant, draws(h.positions * h.stride), h.stride, keys, values, value_stride, h.start, h.positions, h.group,
      h.size, 0.125f, out, h.stride, take(ck_attention_scratch(h.seen, h.size)));
  return h.positions * h.stride;
}

static size_t attention_backward(int variant, float *out) {
  head h = draw_head();
  size_t stride = 2 * h.size + 3, shared = below(h.seen + 1);
  float *keys = take(ck_packed_size(h.seen, h.size)), *values = take(ck_packed_size(h.seen, h.size));
  float *turned = take(ck_packed_size(h.size, h.seen)), *gradients = out + h.positions * h.stride;
  const float *plain_keys = draws(h.seen * h.size);
  ck_pack_weights(plain_keys, 0, h.seen, h.size, keys);
  ck_pack_weights(draws(h.seen * h.size), 0, h.seen, h.size, values);
  ck_pack_columns(plain_keys, h.size, h.size, h.seen, turned);
  fill(gradients, h.seen * stride);
  ck_attention_memory memory = {
    .keys = keys, .values = values, .turned_keys = turned, .turned_stride = CK_PANEL * h.seen,
    .shared_gradients = gradients, .own_gradients = gradients + shared * stride, .shared = shared,
    .gradient_stride = stride, .value_offset = h.size + 1};
  ck_attention_backward(
      variant, draws(h.positions * h.stride), h.stride, draws(h.positions * h.stride), h.stride, &memory, h.start,
      h.positions, h.group, h.size, 0.125f, out, h.stride, take(ck_attention_backward_scratch(h.seen, h.group, h.size)));
  return h.positions * h.stride + h.seen * stride;
}

const kernel kernels[] = {
  {"product", product, 4 * 360},
  {"product, long rows", long_product, 3},
  {"pack_rows", pack_rows, 120},
  {"rms_norm", rms_norm, 400},
  {"rope", rope, 400},
  {"swiglu", swiglu, 400},
  {"add", add, 400},
  {"scale", scale, 400},
  {"exp", exponential, 400},
  {"exp, its whole range", exponential_range, 200},
  {"softmax", softmax, 400},
  {"log_sum_exp_part", log_sum_exp_part, 400},
  {"argmax", argmax, 400},
  {"rms_norm_backward", rms_norm_backward, 400},
  {"gain_gradient", gain_gradient, 400},
  {"column_sums", column_sums, 400},
  {"swiglu_backward", swiglu_backward, 400},
  {"softmax_gradient", softmax_gradient, 400},
  {"add_scaled", add_scaled, 400},
  {"merge", merge, 400},
  {"dropout", dropout, 400},
  {"sum", sum, 400},
  {"sum_of_squares", sum_of_squares, 400},
  {"adamw", adamw, 400},
  {"probabilities", probabilities, 400},
  {"score_gradient", score_gradient, 400},
  {"attention", attention, 100},
  {"attention_backward", attention_backward, 50},
};
const size_t kernel_count = sizeof kernels / sizeof kernels[0];

size_t run_case(const kernel *kernel, uint64_t which, int variant, float *out) {
  number = which;
  kind = (int)(which % KINDS);
  state = (uint64_t)(kernel - kernels) << 32 | which;
  taken = 0;
  return kernel->run(variant, out);
}
