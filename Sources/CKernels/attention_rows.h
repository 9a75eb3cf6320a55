// The two loops over a row of scores that attention's backward shares with the variants.
// Knows nothing of heads or positions.

#include <stddef.h>

// A row of scores becomes probabilities; zeros from n up to `padded`.
void ck_probabilities(int variant, float *scores, float scale, size_t n, size_t padded);
// dP becomes d scores, given P; zeros from n up to `padded`.
void ck_score_gradient(int variant, const float *p, float *dp, float scale, size_t n, size_t padded);
