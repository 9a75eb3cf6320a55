// The arithmetic whose bits are the same on every host: ordered products, vector loops, and a pool of threads.
// Knows nothing of models; every function exists in variants that agree bit for bit.
//
// A product is C[M,N] = A[M,K] · W[N,K]ᵀ. Each element of C is ONE chain of fused multiply-adds with k ascending, started
// at +0 (or at what C holds, to continue a chain), so its bits depend on its row of A and its row of W and on nothing else.
//
// Packed weights: panels of CK_PANEL rows of W; panel p holds, for k = 0..<K, the CK_PANEL numbers W[p·CK_PANEL + j][k];
// missing rows of the last panel are zero. Packed rows of A: tiles of at most CK_TILE rows, for k = 0..<K the tile's rows
// side by side; `ck_tile_rows` says how many rows the tiles have.
#ifndef RUNNER_KERNELS_H
#define RUNNER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { CK_PANEL = 32, CK_TILE = 12, CK_LANES = 16 };

// Which instructions a call uses. Every variant gives the same bits. CK_WIDE is the text of the AVX-512 products, its
// vectors and blocks, in AVX2's instructions: slow, and there so that every host can check that text.
enum ck_variant { CK_PLAIN = 0, CK_AVX2 = 1, CK_AVX512 = 2, CK_WIDE = 3 };

// What a product does with what C held before.
enum ck_mode {
  CK_STORE = 0,     // C = chain from +0
  CK_CONTINUE = 1,  // C = chain from C
  CK_ADD = 2        // C = C + (chain from +0)
};

// Whether this host can run a variant (CK_PLAIN always can, slowly where there is no fused multiply-add).
int ck_supported(int variant);

// --- products -------------------------------------------------------------------------------------------------------

// How many floats `ck_pack_weights` writes for n rows of k columns.
size_t ck_packed_size(size_t n, size_t k);
// Packs rows first..<first+count of a row-major W (row stride k) into panels; `first` is a multiple of CK_PANEL and `w`
// points at row `first`; a last panel with fewer rows is filled up with zeros.
void ck_pack_weights(const float *w, size_t first, size_t count, size_t k, float *packed);
// Copies row `row` out of packed weights.
void ck_unpack_row(const float *packed, size_t row, size_t k, float *out);

// Packs m rows of A (row stride `stride`) into tiles; `packed` has room for m · k floats.
void ck_pack_rows(int variant, const float *a, size_t stride, size_t m, size_t k, float *packed);

// Packs the transpose of a row-major M of k rows and n columns (row stride `stride`) as weights W[n][k]: W's row j is M's
// column j. `packed` has room for ck_packed_size(n, k) floats.
void ck_pack_columns(const float *m, size_t stride, size_t n, size_t k, float *packed);
// Packs the transpose of a row-major M of k rows and n columns as rows of A: A's row j is M's column j. `packed` has room
// for n · k floats.
void ck_pack_column_tiles(const float *m, size_t stride, size_t n, size_t k, float *packed);
// Packs Wᵀ[k][n] from packed W[n][k]: panels first..<last of W become the same columns of the transpose, which has
// ck_packed_size(k, n) floats.
void ck_transpose_panels(const float *packed, size_t n, size_t k, size_t first, size_t last, float *transposed);

// The product for panels first..<last of W (`packed_w` points at panel 0, panels `panel_stride` floats apart) and all m
// packed rows. `c` points at column 0 of row 0; n is the number of columns of C in all.
void ck_product(
    int variant, const float *packed_a, size_t m, size_t k, const float *packed_w, size_t panel_stride, size_t first,
    size_t last, size_t n, float *c, size_t c_stride, int mode);

// --- loops ----------------------------------------------------------------------------------------------------------

// out = x / sqrt(mean(x²) + epsilon) · gain, row by row; sums of squares run in CK_LANES lanes, then pairwise.
void ck_rms_norm(
    int variant, const float *x, const float *gain, float epsilon, size_t rows, size_t width, size_t x_stride, float *out,
    size_t out_stride);
// Turns one head's pairs by the angles whose cosine and sine are given (size / 2 each).
void ck_rope(int variant, float *head, size_t size, const float *cosine, const float *sine, int half_split);
// gate = gate / (1 + exp(-gate)) · up.
void ck_swiglu(int variant, float *gate, const float *up, size_t n);
// x += y.
void ck_add(int variant, float *x, const float *y, size_t n);
// x ·= factor.
void ck_scale(int variant, float *x, float factor, size_t n);
// x = e^x, within 2 units in the last place; 0 below -104, infinity above 88.73, NaN for NaN.
void ck_exp(int variant, float *x, size_t n);
// Replaces scores by exp(score · scale - max(score · scale)) and returns their sum; lanes as in ck_rms_norm.
float ck_softmax(int variant, float *scores, float scale, size_t n);
// The largest of n numbers and Σ exp(x - largest), lanes of double. n is at least 1.
void ck_log_sum_exp_part(int variant, const float *x, size_t n, float *largest, double *sum);
// The index of the largest number, the first of equals; NaN is never larger. n is at least 1.
size_t ck_argmax(int variant, const float *x, size_t n);

// --- loops of training ----------------------------------------------------------------------------------------------

// What RMSNorm does to gradients, row by row: dx += d(norm)/dx · dy, where y = x · factor · gain; `factors`, one a row,
// become 1 / sqrt(mean(x²) + epsilon).
void ck_rms_norm_backward(
    int variant, const float *x, const float *gain, float epsilon, size_t rows, size_t width, const float *dy, float *dx,
    float *factors);
// d gain[i] += Σ over rows, in order, of dy · x · factor, for columns first..<last.
void ck_gain_gradient(
    int variant, const float *x, const float *factors, const float *dy, size_t rows, size_t width, size_t first,
    size_t last, float *gradient);
// sums[i] += Σ over rows, in order, of x[row][i], for columns first..<last.
void ck_column_sums(int variant, const float *x, size_t rows, size_t stride, size_t first, size_t last, float *sums);
// Gradients of y = silu(gate) · up: gate and up are replaced by theirs, `activated` gets y as ck_swiglu gives it.
void ck_swiglu_backward(int variant, float *gate, float *up, const float *dy, float *activated, size_t n);
// x = factor · exp(x - largest) + offset: a row of logits becomes the gradient of log-probabilities by them.
void ck_softmax_gradient(int variant, float *x, float largest, float factor, float offset, size_t n);
// y += factor · x, by fused multiply-add.
void ck_add_scaled(int variant, float *y, const float *x, float factor, size_t n);
// out = base + factor · x, by fused multiply-add.
void ck_merge(int variant, float *out, const float *base, const float *x, float factor, size_t n);
// out[i] = x[i] · factor, or 0 where the element's 32 random bits are below `threshold`; `out` may be `x`. The bits are half
// i % 2, the lower first, of word i % 8 / 2 of Threefry-4x64-20 under the four words of `key` at the counter
// (first + i / 8, sample, 0, 0).
void ck_dropout(
    int variant, const float *x, size_t n, const uint64_t *key, uint64_t first, uint64_t sample, uint32_t threshold,
    float factor, float *out);
// Σ x, in CK_LANES lanes of double by index, then pairwise.
double ck_sum(int variant, const float *x, size_t n);
// Σ x², in CK_LANES lanes of double by index, then pairwise.
double ck_sum_of_squares(int variant, const float *x, size_t n);

// The constants of one step of AdamW.
typedef struct {
  float gradient_scale;      // what gradients are multiplied by first (clipping)
  float beta1, beta2;        // decay of the moments
  float step;                // learning rate / (1 - beta1^t)
  float root_scale;          // 1 / sqrt(1 - beta2^t)
  float epsilon;             // added to the scaled root
  float keep;                // 1 - learning rate · weight decay
} ck_adamw_step;
// One step: m and v move towards g and g², then w = w · keep - step · m / (sqrt(v) · root_scale + epsilon).
void ck_adamw(
    int variant, float *w, const float *g, float *m, float *v, size_t n, const ck_adamw_step *constants);

// --- attention ------------------------------------------------------------------------------------------------------

// Attention of one key/value head: `positions` successive positions from `start`, each with `group` query heads, over
// keys 0...position. Keys are packed weights with K = size (one row a key); values are packed weights with K = keys (one
// row an element), panels `value_stride` floats apart. Query and output rows: position p, head g at
// q + p · q_stride + g · size. `scratch` has ck_attention_scratch floats.
size_t ck_attention_scratch(size_t keys, size_t size);
void ck_attention(
    int variant, const float *q, size_t q_stride, const float *keys, const float *values, size_t value_stride,
    size_t start, size_t positions, size_t group, size_t size, float scale, float *out, size_t out_stride,
    float *scratch);
// Appends the key or the value of one position to the packed forms that ck_attention reads.
void ck_append_key(const float *key, size_t position, size_t size, float *keys);
void ck_append_value(const float *value, size_t position, size_t size, float *values, size_t value_stride);

// What attention does to gradients, for one key/value head and successive positions from `start`, as ck_attention counts
// them. `keys` and `values` are packed weights with K = size, one row a key or value; `turned_keys` are packed weights with
// K = keys, one row an element of a key, panels `turned_stride` floats apart. Rows of d(output): as queries. Gradients of
// queries are stored; those of keys and values continue their chains, over queries in ascending order: of key j at
// `shared_gradients` + j · stride for j < shared, and at `own_gradients` + (j - shared) · stride from there on; of the value
// `value_offset` floats behind the key's.
typedef struct {
  const float *keys, *values, *turned_keys;
  size_t turned_stride;
  float *shared_gradients, *own_gradients;
  size_t shared, gradient_stride, value_offset;
} ck_attention_memory;
size_t ck_attention_backward_scratch(size_t keys, size_t group, size_t size);
void ck_attention_backward(
    int variant, const float *q, size_t q_stride, const float *dout, size_t dout_stride,
    const ck_attention_memory *memory, size_t start, size_t positions, size_t group, size_t size, float scale, float *dq,
    size_t dq_stride, float *scratch);

// --- functions of double precision, the same on every host ----------------------------------------------------------

double ck_exp_double(double x);
double ck_log_double(double x);
void ck_sine_cosine(double x, double *sine, double *cosine);

// --- threads --------------------------------------------------------------------------------------------------------

// A pool of threads that take numbered pieces of work. The caller works, too; a thread that the host does not run is
// not waited for unless it has taken a piece.
typedef struct ck_pool ck_pool;
ck_pool *ck_pool_create(int workers);
void ck_pool_destroy(ck_pool *pool);
// Runs work(context, piece) for piece = 0..<pieces and returns when all are done. From inside a piece, or while another
// thread uses the pool, the caller does all pieces itself.
void ck_pool_run(ck_pool *pool, size_t pieces, void (*work)(void *context, size_t piece), void *context);

// --- measuring ------------------------------------------------------------------------------------------------------

// Runs `steps` rounds of independent fused multiply-adds and returns how many floating-point operations that was.
double ck_peak_loop(int variant, long steps);
// Reads n floats once and returns a sum that depends on them all.
float ck_read_loop(const float *x, size_t n);

#endif
