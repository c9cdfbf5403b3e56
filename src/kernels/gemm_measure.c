#include "gemm_measure.h"
#include "allocate.h"
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <time.h>

nn_gemm_grids *nn_gemm_grids_create(size_t capacity)
{
    size_t size;
    if (!nn_multiply(capacity, sizeof(nn_gemm_choice), &size) ||
        !nn_add(size, sizeof(nn_gemm_grids), &size))
        return NULL;
    nn_gemm_grids *grids = nn_allocate(1, size);
    if (grids != NULL) {
        grids->noting = true;
        grids->capacity = capacity;
    }
    return grids;
}

static bool is_same(const nn_gemm_shape *a, const nn_gemm_shape *b)
{
    return a->kind == b->kind && a->m == b->m && a->n == b->n && a->k == b->k &&
           a->can_transpose == b->can_transpose;
}

nn_gemm_grid nn_gemm_grids_find(nn_gemm_grids *grids, const nn_gemm_shape *shape)
{
    for (size_t i = 0; i < grids->count; i++)
        if (is_same(&grids->choices[i].shape, shape))
            return grids->choices[i].grid;
    const nn_gemm_grid rule = nn_gemm_plan(shape, nn_gemm_known_limits());
    if (grids->noting && grids->count < grids->capacity)
        grids->choices[grids->count++] =
            (nn_gemm_choice){.shape = *shape, .rule = rule, .grid = rule};
    return rule;
}

/* ---- candidates ---- */

static const size_t columns[] = {32, 48, 64, 96, 128, 192, 256, SIZE_MAX};
static const size_t depths[] = {64, 128, 192, 256, 400, SIZE_MAX};
static const size_t rows[] = {16, 32, 64, 128, 256, SIZE_MAX};

enum {
    COLUMNS = sizeof(columns) / sizeof(columns[0]),
    DEPTHS = sizeof(depths) / sizeof(depths[0]),
    ROWS = sizeof(rows) / sizeof(rows[0]),
    WAYS = 4, /* in the pool or not, transposed or not */
    MOST_CANDIDATES = 1 + WAYS * COLUMNS * DEPTHS * ROWS
};

struct candidate {
    nn_gemm_grid grid;
    double seconds; /* INFINITY: not tried */
};

static bool are_same_tiles(const nn_gemm_grid *a, const nn_gemm_grid *b)
{
    return a->transposed == b->transposed && a->vector == b->vector && a->m == b->m &&
           a->n == b->n && a->k == b->k;
}

static size_t add(struct candidate *candidates, size_t count, nn_gemm_grid grid)
{
    if (grid.pooled && grid.rows * grid.columns == 1)
        return count;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].grid.pooled == grid.pooled && are_same_tiles(&candidates[i].grid, &grid))
            return count;
    assert(count < MOST_CANDIDATES);
    candidates[count] = (struct candidate){.grid = grid, .seconds = INFINITY};
    return count + 1;
}

/* The rule's grid comes first. */
static size_t gather_candidates(const nn_gemm_choice *choice, struct candidate *candidates)
{
    const nn_gemm_limits *limits = nn_gemm_known_limits();
    const bool turns = choice->shape.kind == NN_GEMM_NT && choice->shape.can_transpose;
    candidates[0] = (struct candidate){.grid = choice->rule, .seconds = INFINITY};
    size_t count = 1;
    for (size_t i = 0; i < COLUMNS * DEPTHS * ROWS; i++)
        for (size_t way = 0; way < (turns ? WAYS : WAYS / 2); way++)
            count = add(candidates, count,
                        nn_gemm_cut(&choice->shape, limits, way >= WAYS / 2, way % 2 == 0,
                                    rows[i / COLUMNS % ROWS], columns[i % COLUMNS],
                                    depths[i / COLUMNS / ROWS]));
    return count;
}

/* ---- timing ---- */

enum {
    ROUNDS = 5, /* of those near the fastest; the fastest turn counts */
    DUELS = 9   /* of the fastest with the rule */
};

#define TURN_SECONDS 0.001
#define PRODUCT_SECONDS 0.5 /* for the first round; who hasn't had a turn by then gets none */
#define NEAR 1.15           /* who takes so much longer than the fastest gets no further turn */
#define WORTHWHILE 0.98     /* of the rule's time; what is nearer to it is chance */
/* The same tiles with the pool or without it differ by what else the machine does just now. */
#define WORTHWHILE_POOL 0.9

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Of one product. */
static double time_products(const nn_gemm *gemm, const nn_gemm_grid *grid, size_t count)
{
    const double start = seconds_now();
    for (size_t i = 0; i < count; i++)
        nn_gemm_run_on(gemm, grid);
    return (seconds_now() - start) / (double)count;
}

/* As many products as a turn takes by the rule. */
static size_t products_of_a_turn(const nn_gemm *gemm, const nn_gemm_grid *rule)
{
    size_t count = 1;
    while (time_products(gemm, rule, count) * (double)count < TURN_SECONDS)
        count *= 2;
    return count;
}

/* Whether a grid is faster than the rule's in most of some alternating turns. */
static bool wins(const nn_gemm *gemm, const nn_gemm_grid *grid, const nn_gemm_grid *rule,
                 size_t products)
{
    const double least = are_same_tiles(grid, rule) ? WORTHWHILE_POOL : WORTHWHILE;
    size_t won = 0;
    for (size_t i = 0; i < DUELS; i++)
        won += time_products(gemm, grid, products) < least * time_products(gemm, rule, products);
    return won > DUELS / 2;
}

static void race(nn_gemm_choice *choice, const nn_gemm *gemm, struct candidate *candidates,
                 size_t count)
{
    const size_t products = products_of_a_turn(gemm, &choice->rule);
    const double start = seconds_now();
    size_t best = 0;
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            struct candidate *it = &candidates[i];
            if (round == 0 ? seconds_now() - start > PRODUCT_SECONDS && i > 0
                           : it->seconds > NEAR * candidates[best].seconds && i > 0)
                continue;
            it->seconds = fmin(it->seconds, time_products(gemm, &it->grid, products));
            if (it->seconds < candidates[best].seconds)
                best = i;
        }
    if (best > 0 && !wins(gemm, &candidates[best].grid, &choice->rule, products))
        best = 0;
    choice->rule_seconds = candidates[0].seconds;
    choice->seconds = candidates[best].seconds;
    choice->grid = candidates[best].grid;
}

static bool measure(nn_gemm_choice *choice, struct candidate *candidates)
{
    const nn_gemm_shape *shape = &choice->shape;
    const size_t scratch =
        shape->can_transpose ? nn_gemm_scratch(shape->n, shape->k) * shape->m : 0;
    nn_real *a = nn_allocate(shape->m * shape->k, sizeof(*a));
    nn_real *b = nn_allocate(shape->k * shape->n, sizeof(*b));
    nn_real *c = nn_allocate(shape->m * shape->n, sizeof(*c));
    nn_real *copies = nn_allocate(scratch, sizeof(*copies));
    const bool allocated = a != NULL && b != NULL && c != NULL && copies != NULL;
    if (allocated) {
        for (size_t i = 0; i < shape->m * shape->k; i++)
            a[i] = (nn_real)(i % 7) * (nn_real)0.125;
        for (size_t i = 0; i < shape->k * shape->n; i++)
            b[i] = (nn_real)(i % 5) * (nn_real)0.125;
        race(choice,
             &(nn_gemm){.kind = shape->kind,
                        .m = shape->m,
                        .n = shape->n,
                        .k = shape->k,
                        .alpha = 1,
                        .a = a,
                        .b = b,
                        .c = c,
                        .scratch = shape->can_transpose ? copies : NULL},
             candidates, gather_candidates(choice, candidates));
    }
    nn_release(a);
    nn_release(b);
    nn_release(c);
    nn_release(copies);
    return allocated;
}

bool nn_gemm_grids_measure(nn_gemm_grids *grids)
{
    struct candidate *candidates = nn_allocate(MOST_CANDIDATES, sizeof(*candidates));
    bool done = candidates != NULL;
    grids->noting = false;
    for (size_t i = 0; i < grids->count && done; i++)
        done = measure(&grids->choices[i], candidates);
    for (size_t i = 0; i < grids->count && !done; i++)
        grids->choices[i].grid = grids->choices[i].rule;
    nn_release(candidates);
    return done;
}
