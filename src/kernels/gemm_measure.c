#include "gemm_measure.h"
#include "allocate.h"
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

/* ---- timing ---- */

enum {
    MOST_CANDIDATES = 512,
    ROUNDS = 5 /* of the last ones left; the fastest turn counts */
};

#define TURN_SECONDS 0.001
#define WORTHWHILE 0.98  /* of the rule's time: what is nearer to it is chance */
#define LEFT_FACTOR 1.15 /* who takes so much longer than the fastest in the first turn is out */

struct candidate {
    nn_gemm_grid grid;
    double seconds;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool is_same_grid(const nn_gemm_grid *a, const nn_gemm_grid *b)
{
    return a->transposed == b->transposed && a->pooled == b->pooled && a->m == b->m &&
           a->n == b->n && a->k == b->k;
}

static size_t add(struct candidate *candidates, size_t count, nn_gemm_grid grid)
{
    if (grid.pooled && grid.rows * grid.columns == 1)
        return count;
    for (size_t i = 0; i < count; i++)
        if (is_same_grid(&candidates[i].grid, &grid))
            return count;
    if (count < MOST_CANDIDATES)
        candidates[count++] = (struct candidate){.grid = grid};
    return count;
}

/* The rule's grid first, so that it stays where nothing is faster. */
static size_t gather_candidates(const nn_gemm_choice *choice, struct candidate *candidates)
{
    static const size_t columns[] = {32, 48, 64, 96, 128, 192, 256, SIZE_MAX};
    static const size_t depths[] = {64, 128, 192, 256, 400, SIZE_MAX};
    static const size_t rows[] = {16, 32, 64, 128, 256, SIZE_MAX};
    enum {
        COLUMNS = sizeof(columns) / sizeof(columns[0]),
        DEPTHS = sizeof(depths) / sizeof(depths[0]),
        ROWS = sizeof(rows) / sizeof(rows[0])
    };
    const nn_gemm_limits *limits = nn_gemm_known_limits();
    const bool turns = choice->shape.kind == NN_GEMM_NT && choice->shape.can_transpose;
    candidates[0] = (struct candidate){.grid = choice->rule};
    size_t count = 1;
    for (size_t way = 0; way < (turns ? 4 : 2); way++)
        for (size_t i = 0; i < COLUMNS * DEPTHS * ROWS; i++)
            count = add(candidates, count,
                        nn_gemm_cut(&choice->shape, limits, way >= 2, way % 2 == 1,
                                    rows[i / COLUMNS % ROWS], columns[i % COLUMNS],
                                    depths[i / COLUMNS / ROWS]));
    return count;
}

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
    nn_gemm_run_on(gemm, rule);
    const double seconds = time_products(gemm, rule, 1);
    return seconds >= TURN_SECONDS ? 1 : (size_t)(TURN_SECONDS / seconds) + 1;
}

static void race(nn_gemm_choice *choice, const nn_gemm *gemm, struct candidate *candidates,
                 size_t count)
{
    const size_t products = products_of_a_turn(gemm, &choice->rule);
    double fastest = time_products(gemm, &choice->rule, products);
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            struct candidate *it = &candidates[i];
            if (i > 0 && round > 0 && it->seconds > LEFT_FACTOR * fastest)
                continue;
            const double seconds = time_products(gemm, &it->grid, products);
            if (round == 0 || seconds < it->seconds)
                it->seconds = seconds;
            if (seconds < fastest)
                fastest = seconds;
        }
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (candidates[i].seconds < candidates[best].seconds)
            best = i;
    if (candidates[best].seconds > WORTHWHILE * candidates[0].seconds)
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
