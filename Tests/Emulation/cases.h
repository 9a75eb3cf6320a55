// The kernels that are compared, and how one case of one kernel is run.
// Knows nothing of what a kernel does.

#include <stddef.h>
#include <stdint.h>

typedef struct {
  const char *name;
  // Writes the results to `out` and returns how many floats they take, at most CASE_ROOM.
  size_t (*run)(int variant, float *out);
  uint64_t cases;
} kernel;

enum { CASE_ROOM = 1 << 17 };

extern const kernel kernels[];
extern const size_t kernel_count;

// The same inputs for the same kernel and case, whatever the variant.
size_t run_case(const kernel *kernel, uint64_t which, int variant, float *out);
