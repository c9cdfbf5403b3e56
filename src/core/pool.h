/*
 * The thread pool: one for the process, made when it is first needed.
 *
 * A run is a number of tiles and a function that computes one. Threads claim tiles one by one: each its
 * own share of them first, so that what a share touches stays in that thread's cache from run to run,
 * then what is left of the others'. Who computes a tile never changes its result, so results don't
 * depend on the number of threads. A thread that is late (asleep, or without a core) is not waited for,
 * only one that is in the middle of a tile. A failure of a caller's function (custom_part.h) in a tile becomes
 * the calling thread's.
 */
#ifndef NN_CORE_POOL_H
#define NN_CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>

/* Computes tile number 0 ... tiles - 1. */
typedef void (*nn_tile_function)(void *context, size_t tile);

/* Runs all tiles and returns when they are done. Runs on the calling thread alone if there is one
 * tile, if only one thread is wanted, or while another run has the pool (also the run that this one is
 * called from). Never fails: where threads can't be made, there are fewer. */
void nn_pool_run(size_t tiles, nn_tile_function function, void *context);

/* Whether runs that this thread begins stay on it, for callers who can't wait for other threads. Returns
 * what it was before. */
bool nn_pool_stay(bool stay);

/* How many threads a run may use: nn_set_num_threads, else NN_NUM_THREADS, else the cores this process
 * may use. */
size_t nn_pool_threads(void);

#endif
