#include "pool.h"
#include "nn.h"
#include "processors.h"
#include "status.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
    MOST_THREADS = 256,
    LINE = 64,      /* bytes of a cache line: what threads write apart lies apart */
    SPINS = 4000,   /* looks for the next run before a worker sleeps: about 50 us */
    CLOSING = 2000, /* looks for the end of a worker's last tile before the caller sleeps */
    LOST =
        300000, /* nanoseconds: who waits so long, and for two tiles' time, waits for a thread that
                     * has lost its core */
    ALONE_FIRST = 32000000,
    ALONE_MOST = 512000000,
    CALM = 200000000 /* after so long without another loss, the next one is a first again */
};

/* A thread's share of the tiles: next is the first unclaimed one, end the first of the next share. */
struct share {
    _Alignas(LINE) atomic_size_t next;
    size_t end;
};

/* The state word: a run's number, whether it is open, and how many workers are in it. A worker joins by
 * counting itself while the run is open; closed and with nobody in it, a run is over. */
#define NN_OPEN ((uint64_t)1 << 16)
#define NN_RUN ((uint64_t)1 << 17)
#define NN_WORKERS(state) ((state) & (NN_OPEN - 1))

static struct {
    _Alignas(LINE) atomic_uint_fast64_t state;
    _Alignas(LINE) atomic_bool taken; /* somebody is running, or changing the pool */
    atomic_uint sleepers;             /* that nobody has woken yet */
    pthread_mutex_t sleep_lock;
    pthread_cond_t wake, left;
    atomic_bool waiting; /* the caller sleeps until the last worker has left its run */

    /* what follows is written by who has taken the pool */
    nn_tile_function function;
    void *context;
    size_t threads; /* in this run, with the caller */
    struct share shares[MOST_THREADS];
    size_t workers; /* made so far */
    pthread_t handles[MOST_THREADS];
    atomic_bool ending;              /* workers are to end */
    uint64_t alone_until, alone_for; /* nanoseconds; see note_wait */
} pool = {.sleep_lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .left = PTHREAD_COND_INITIALIZER};

static atomic_size_t wanted_threads; /* 0: not settled yet */

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Tiles of the share of the thread that begins, then of the ones after it. */
static void claim_tiles(size_t first)
{
    const size_t threads = pool.threads;
    for (size_t i = 0; i < threads; i++) {
        struct share *share = &pool.shares[(first + i) % threads];
        while (atomic_load_explicit(&share->next, memory_order_relaxed) < share->end) {
            size_t tile = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
            if (tile < share->end)
                pool.function(pool.context, tile);
        }
    }
}

/* Whether there is something to do after the last run: an open one that is another, or to end. */
static bool is_called(uint64_t state, uint64_t last)
{
    return ((state & NN_OPEN) != 0 && state / NN_RUN != last) || atomic_load(&pool.ending);
}

/* Waits for that: looks for a while, then sleeps. */
static uint64_t wait_for_run(uint64_t last)
{
    for (;;) {
        uint64_t state;
        for (int i = 0; i < SPINS; i++) {
            state = atomic_load_explicit(&pool.state, memory_order_acquire);
            if (is_called(state, last))
                return state;
            pause_briefly();
        }
        pthread_mutex_lock(&pool.sleep_lock);
        atomic_fetch_add(&pool.sleepers, 1);
        state = atomic_load(&pool.state);
        if (!is_called(state, last))
            pthread_cond_wait(&pool.wake, &pool.sleep_lock);
        pthread_mutex_unlock(&pool.sleep_lock);
    }
}

static void leave_run(void)
{
    atomic_fetch_sub(&pool.state, 1);
    if (atomic_load(&pool.waiting)) {
        pthread_mutex_lock(&pool.sleep_lock);
        pthread_cond_signal(&pool.left);
        pthread_mutex_unlock(&pool.sleep_lock);
    }
}

static void *work(void *argument)
{
    const size_t number = (size_t)(uintptr_t)argument; /* 1 ...: the caller is 0 */
    uint64_t last = 0;
    for (;;) {
        uint64_t state = wait_for_run(last);
        if (atomic_load(&pool.ending))
            return NULL;
        last = state / NN_RUN;
        while ((state & NN_OPEN) != 0 && state / NN_RUN == last)
            if (atomic_compare_exchange_weak(&pool.state, &state, state + 1)) {
                if (number < pool.threads)
                    claim_tiles(number);
                leave_run();
                break;
            }
    }
}

/* Workers leave signals to the host's threads. */
static bool make_worker(size_t number)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_create(&pool.handles[number], NULL, work, (void *)(uintptr_t)number) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

static void take_pool(void)
{
    while (atomic_exchange(&pool.taken, true))
        sched_yield();
}

void nn_release_threads(void)
{
    take_pool();
    atomic_store(&pool.ending, true);
    pthread_mutex_lock(&pool.sleep_lock);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.sleep_lock);
    for (; pool.workers > 0; pool.workers--)
        pthread_join(pool.handles[pool.workers], NULL);
    atomic_store(&pool.sleepers, 0);
    atomic_store(&pool.ending, false);
    atomic_store(&pool.taken, false);
}

/* ---- fork: the child has no workers ---- */

static void before_fork(void)
{
    take_pool();
    pthread_mutex_lock(&pool.sleep_lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&pool.sleep_lock);
    atomic_store(&pool.taken, false);
}

static void after_fork_in_child(void)
{
    pthread_mutex_init(&pool.sleep_lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.left, NULL);
    atomic_store(&pool.sleepers, 0);
    atomic_store(&pool.state, 0);
    pool.workers = 0;
    atomic_store(&pool.taken, false);
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---- running ---- */

/* Makes the workers that are missing; fewer if the system gives no more. */
static size_t gather_threads(size_t wanted)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    while (pool.workers + 1 < wanted && make_worker(pool.workers + 1))
        pool.workers++;
    return pool.workers + 1 < wanted ? pool.workers + 1 : wanted;
}

static void open_run(size_t tiles, nn_tile_function function, void *context, size_t threads)
{
    pool.function = function;
    pool.context = context;
    pool.threads = threads;
    for (size_t i = 0; i < threads; i++) {
        atomic_store_explicit(&pool.shares[i].next, tiles * i / threads, memory_order_relaxed);
        pool.shares[i].end = tiles * (i + 1) / threads;
    }
    uint64_t state = atomic_load_explicit(&pool.state, memory_order_relaxed);
    atomic_store(&pool.state, (state / NN_RUN + 1) * NN_RUN | NN_OPEN);
    if (atomic_load(&pool.sleepers) > 0 && atomic_exchange(&pool.sleepers, 0) > 0) {
        pthread_mutex_lock(&pool.sleep_lock);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.sleep_lock);
    }
}

static uint64_t nanoseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Where other programs keep a core busy, a worker loses it in the middle of a tile for milliseconds, in
 * which all wait. So after such a wait the pool is left alone for a while, which doubles from time to
 * time as that goes on. tile: about how long one takes. */
static void note_wait(uint64_t began, uint64_t tile)
{
    const uint64_t now = nanoseconds_now();
    if (now - began < LOST || now - began < 2 * tile)
        return;
    const bool again = now < pool.alone_until + CALM;
    pool.alone_for = again ? 2 * pool.alone_for : ALONE_FIRST;
    if (pool.alone_for > ALONE_MOST)
        pool.alone_for = ALONE_MOST;
    pool.alone_until = now + pool.alone_for;
}

static bool is_left_alone(void)
{
    return pool.alone_for > 0 && nanoseconds_now() < pool.alone_until;
}

/* Nobody joins any more; those who did finish their tiles. A worker that lost its core in the middle of
 * one gets it back sooner if the caller sleeps than if it keeps its own core busy. */
static void close_run(size_t tiles, uint64_t run_began)
{
    atomic_fetch_and(&pool.state, ~NN_OPEN);
    for (int i = 0; i < CLOSING; i++) {
        if (NN_WORKERS(atomic_load_explicit(&pool.state, memory_order_acquire)) == 0)
            return;
        pause_briefly();
    }
    const uint64_t began = nanoseconds_now();
    pthread_mutex_lock(&pool.sleep_lock);
    atomic_store(&pool.waiting, true);
    while (NN_WORKERS(atomic_load(&pool.state)) > 0)
        pthread_cond_wait(&pool.left, &pool.sleep_lock);
    atomic_store(&pool.waiting, false);
    pthread_mutex_unlock(&pool.sleep_lock);
    note_wait(began, (began - run_began) * pool.threads / tiles);
}

static void run_alone(size_t tiles, nn_tile_function function, void *context)
{
    for (size_t tile = 0; tile < tiles; tile++)
        function(context, tile);
}

static _Thread_local bool stays;

bool nn_pool_stay(bool stay)
{
    const bool before = stays;
    stays = stay;
    return before;
}

void nn_pool_run(size_t tiles, nn_tile_function function, void *context)
{
    const size_t wanted = nn_pool_threads() < tiles ? nn_pool_threads() : tiles;
    if (wanted <= 1 || stays || atomic_exchange_explicit(&pool.taken, true, memory_order_acquire)) {
        run_alone(tiles, function, context);
        return;
    }
    if (is_left_alone()) {
        run_alone(tiles, function, context);
    } else {
        const uint64_t began = nanoseconds_now();
        open_run(tiles, function, context, gather_threads(wanted));
        claim_tiles(0);
        close_run(tiles, began);
    }
    atomic_store_explicit(&pool.taken, false, memory_order_release);
}

/* ---- how many ---- */

size_t nn_pool_threads(void)
{
    size_t threads = atomic_load_explicit(&wanted_threads, memory_order_relaxed);
    if (threads == 0) {
        threads = nn_processors_wanted();
        threads = threads < MOST_THREADS ? threads : MOST_THREADS;
        atomic_store_explicit(&wanted_threads, threads, memory_order_relaxed);
    }
    return threads;
}

nn_status nn_set_num_threads(size_t threads)
{
    NN_REQUIRE(threads <= MOST_THREADS, NN_ERR_INVALID, "%zu threads, expected at most %d", threads,
               MOST_THREADS);
    atomic_store(&wanted_threads, threads);
    return NN_OK;
}

size_t nn_num_threads(void)
{
    return nn_pool_threads();
}
