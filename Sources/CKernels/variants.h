// How a stretch of code is compiled for one set of instructions, so that one binary holds all variants.
// Knows nothing of what the code does.

#define CK_AVX512_FEATURES "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"
#define CK_AVX2_FEATURES "avx2,fma"
