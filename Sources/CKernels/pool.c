// Threads that take numbered pieces of work from one caller at a time.
// Knows nothing of the work. Waiting threads spin for some microseconds, then sleep; the caller never waits for a thread
// that has not taken a piece, so a busy host slows the work down by no more than the share of time it takes away.

#include "kernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SPINS = 600 };

struct ck_pool {
  pthread_mutex_t lock;
  pthread_cond_t wake, left;
  atomic_flag busy;
  atomic_uint generation;
  atomic_size_t next;
  atomic_int inside;  // helpers at work on the open job; changed under the lock
  int open, closing, sleeping, threads;
  size_t pieces;
  void (*work)(void *, size_t);
  void *context;
  pthread_t *thread;
};

static void pause_briefly(void) { __builtin_ia32_pause(); }

static void take_pieces(ck_pool *pool) {
  size_t piece;
  while ((piece = atomic_fetch_add(&pool->next, 1)) < pool->pieces) pool->work(pool->context, piece);
}

static void *helper(void *argument) {
  ck_pool *pool = argument;
  unsigned seen = 0;
  for (;;) {
    for (int i = 0; i < SPINS && atomic_load_explicit(&pool->generation, memory_order_relaxed) == seen; i++)
      pause_briefly();
    pthread_mutex_lock(&pool->lock);
    while (!pool->closing && atomic_load(&pool->generation) == seen) {
      pool->sleeping++;
      pthread_cond_wait(&pool->wake, &pool->lock);
      pool->sleeping--;
    }
    seen = atomic_load(&pool->generation);
    int closing = pool->closing, join = pool->open;
    if (join) atomic_fetch_add(&pool->inside, 1);
    pthread_mutex_unlock(&pool->lock);
    if (closing) return 0;
    if (!join) continue;
    take_pieces(pool);
    pthread_mutex_lock(&pool->lock);
    if (atomic_fetch_sub(&pool->inside, 1) == 1) pthread_cond_signal(&pool->left);
    pthread_mutex_unlock(&pool->lock);
  }
}

ck_pool *ck_pool_create(int workers) {
  ck_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return 0;
  pthread_mutex_init(&pool->lock, 0);
  pthread_cond_init(&pool->wake, 0);
  pthread_cond_init(&pool->left, 0);
  atomic_flag_clear(&pool->busy);
  pool->thread = calloc(workers > 1 ? (size_t)workers - 1 : 1, sizeof *pool->thread);
  // Fewer threads than asked for change nothing but the speed.
  while (pool->thread && pool->threads < workers - 1 &&
         pthread_create(&pool->thread[pool->threads], 0, helper, pool) == 0)
    pool->threads++;
  return pool;
}

void ck_pool_destroy(ck_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->closing = 1;
  atomic_fetch_add(&pool->generation, 1);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
  for (int i = 0; i < pool->threads; i++) pthread_join(pool->thread[i], 0);
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->wake);
  pthread_cond_destroy(&pool->left);
  free(pool->thread);
  free(pool);
}

void ck_pool_run(ck_pool *pool, size_t pieces, void (*work)(void *context, size_t piece), void *context) {
  if (pieces <= 1 || pool->threads == 0 || atomic_flag_test_and_set(&pool->busy)) {
    for (size_t piece = 0; piece < pieces; piece++) work(context, piece);
    return;
  }
  pthread_mutex_lock(&pool->lock);
  pool->work = work;
  pool->context = context;
  pool->pieces = pieces;
  atomic_store(&pool->next, 0);
  pool->open = 1;
  atomic_fetch_add(&pool->generation, 1);
  if (pool->sleeping) pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);

  take_pieces(pool);

  for (int i = 0; i < SPINS && atomic_load(&pool->inside) > 0; i++) pause_briefly();
  pthread_mutex_lock(&pool->lock);
  pool->open = 0;
  while (atomic_load(&pool->inside) > 0) pthread_cond_wait(&pool->left, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
  atomic_flag_clear(&pool->busy);
}
