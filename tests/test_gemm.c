/* Products against plain loops in double, whatever tiles they are cut into, and the rule that cuts. */
#include "allocate.h"
#include "gemm_measure.h"
#include "suite.h"
#include <math.h>
#include <nn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The kinds, and NT by transposed copies. */
enum { BY_COPIES = NN_GEMM_NT + 1, WAYS };
static const char *const ways[WAYS] = {"NN", "TN", "NT", "NT by copies"};

static nn_gemm_kind kind_of(int way)
{
    return way == BY_COPIES ? NN_GEMM_NT : (nn_gemm_kind)way;
}

/* Scratch for copies; NULL where a way has none. */
static nn_real *scratch_for(int way, size_t m, size_t n, size_t k)
{
    if (way != BY_COPIES)
        return NULL;
    nn_real *scratch = malloc(m * nn_gemm_scratch(n, k) * sizeof *scratch);
    ck_assert_ptr_nonnull(scratch);
    return scratch;
}

static uint32_t random_state;

static uint32_t random_bits(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* Values in [-1, 1) */
static nn_real *random_values(size_t count, uint32_t seed)
{
    nn_real *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    random_state = seed;
    for (size_t i = 0; i < count; i++)
        values[i] = (nn_real)random_bits() / (1 << 23) - 1;
    return values;
}

static double plain(nn_gemm_kind kind, size_t m, size_t n, size_t k, const nn_real *a,
                    const nn_real *b, size_t i, size_t j)
{
    double sum = 0;
    for (size_t p = 0; p < k; p++)
        sum += (double)(kind == NN_GEMM_TN ? a[p * m + i] : a[i * k + p]) *
               (double)(kind == NN_GEMM_NT ? b[j * k + p] : b[p * n + j]);
    return sum;
}

static void check_product(int way, size_t m, size_t n, size_t k, nn_real alpha, nn_real beta)
{
    const nn_gemm_kind kind = kind_of(way);
    nn_real *scratch = scratch_for(way, m, n, k);
    nn_real *a = random_values(m * k, 11), *b = random_values(k * n, 12);
    nn_real *c = random_values(m * n, 13), *before = random_values(m * n, 13);
    if (beta == 0)
        for (size_t i = 0; i < m * n; i++)
            c[i] = (nn_real)NAN; /* what was there before must not matter */
    nn_gemm_run(&(nn_gemm){.kind = kind,
                           .m = m,
                           .n = n,
                           .k = k,
                           .alpha = alpha,
                           .beta = beta,
                           .a = a,
                           .b = b,
                           .c = c,
                           .scratch = scratch});
    const double tolerance = 1e-6 * (double)(k + 1); /* values up to 1, k of them, in float */
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            const double wanted = (double)alpha * plain(kind, m, n, k, a, b, i, j) +
                                  (double)beta * (double)before[i * n + j];
            const double got = (double)c[i * n + j];
            ck_assert_msg(fabs(got - wanted) <= tolerance,
                          "%s %zu x %zu x %zu at %zu, %zu: %g, not %g", ways[way], m, n, k, i, j,
                          got, wanted);
        }
    free(a);
    free(b);
    free(c);
    free(before);
    free(scratch);
}

/* Some below and some above every limit of the rule. */
static const size_t sizes[][3] = {
    {1, 1, 1},      {1, 7, 3},    {5, 1, 9},      {3, 10, 1},     {13, 17, 5},    {32, 10, 100},
    {31, 33, 129},  {65, 3, 257}, {32, 300, 784}, {784, 300, 32}, {32, 300, 100}, {1, 300, 784},
    {200, 301, 99}, {7, 5, 9001}, {2, 5000, 80},  {256, 70, 300}, {512, 33, 40},
};
enum { SIZES = COUNT(sizes) };

START_TEST(products_equal_plain_loops)
{
    for (size_t s = 0; s < SIZES; s++)
        for (int way = 0; way < WAYS; way++) {
            check_product(way, sizes[s][0], sizes[s][1], sizes[s][2], 1, 0);
            check_product(way, sizes[s][0], sizes[s][1], sizes[s][2], (nn_real)-0.5, 1);
        }
}
END_TEST

/* A batch of 0 * NaN is NaN wherever it lies in the tiles. */
START_TEST(nan_propagates)
{
    static const size_t tried[][3] = {{9, 9, 9}, {40, 300, 200}, {1, 300, 200}};
    for (size_t s = 0; s < COUNT(tried); s++) {
        const size_t m = tried[s][0], n = tried[s][1], k = tried[s][2], row = m / 2;
        nn_real *b = calloc(k * n, sizeof *b), *c = malloc(m * n * sizeof *c);
        for (int way = 0; way < WAYS; way++) {
            const nn_gemm_kind kind = kind_of(way);
            nn_real *a = random_values(m * k, 9), *scratch = scratch_for(way, m, n, k);
            a[kind == NN_GEMM_TN ? 2 * m + row : row * k + 2] = (nn_real)NAN;
            nn_gemm_run(&(nn_gemm){.kind = kind,
                                   .m = m,
                                   .n = n,
                                   .k = k,
                                   .alpha = 1,
                                   .a = a,
                                   .b = b,
                                   .c = c,
                                   .scratch = scratch});
            for (size_t j = 0; j < n; j++)
                ck_assert_msg(isnan(c[row * n + j]), "%s, column %zu of %zu rows", ways[way], j, m);
            free(a);
            free(scratch);
        }
        free(b);
        free(c);
    }
}
END_TEST

/* ---- finish ---- */

struct finished {
    const nn_real *c;
    nn_real *copy;
    unsigned char *times;
    size_t n;
};

static atomic_size_t finish_calls;

static void finish(const void *context, const nn_tile *tile)
{
    atomic_fetch_add(&finish_calls, 1);
    const struct finished *finished = context;
    for (size_t i = tile->row; i < tile->row + tile->rows; i++)
        for (size_t j = tile->column; j < tile->column + tile->columns; j++) {
            finished->copy[i * finished->n + j] = finished->c[i * finished->n + j];
            finished->times[i * finished->n + j]++;
        }
}

START_TEST(every_value_is_finished_once_and_whole)
{
    for (size_t s = 0; s < SIZES * WAYS; s++) {
        const int way = (int)(s / SIZES);
        const size_t *size = sizes[s % SIZES], m = size[0], n = size[1], k = size[2];
        nn_real *scratch = scratch_for(way, m, n, k);
        nn_real *a = random_values(m * k, 1), *b = random_values(k * n, 2);
        nn_real *c = calloc(m * n, sizeof *c), *copy = calloc(m * n, sizeof *copy);
        unsigned char *times = calloc(m * n, 1);
        const struct finished finished = {c, copy, times, n};
        nn_gemm_run(&(nn_gemm){.kind = kind_of(way),
                               .m = m,
                               .n = n,
                               .k = k,
                               .alpha = 1,
                               .a = a,
                               .b = b,
                               .c = c,
                               .scratch = scratch,
                               .finish = finish,
                               .context = &finished});
        for (size_t i = 0; i < m * n; i++)
            ck_assert_uint_eq(times[i], 1);
        ck_assert_mem_eq(c, copy, m * n * sizeof *c);
        free(a);
        free(b);
        free(c);
        free(copy);
        free(times);
        free(scratch);
    }
}
END_TEST

/* ---- threads ---- */

START_TEST(the_bits_are_the_same_on_any_number_of_threads)
{
    static const size_t threads[] = {1, 2, 3, 8};
    for (size_t s = 0; s < SIZES; s++)
        for (int way = 0; way < WAYS; way++) {
            const size_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
            nn_real *scratch = scratch_for(way, m, n, k);
            nn_real *a = random_values(m * k, 3), *b = random_values(k * n, 4);
            nn_real *first = malloc(m * n * sizeof *first), *c = malloc(m * n * sizeof *c);
            for (size_t t = 0; t < COUNT(threads); t++) {
                ck_assert_int_eq(nn_set_num_threads(threads[t]), NN_OK);
                nn_gemm_run(&(nn_gemm){.kind = kind_of(way),
                                       .m = m,
                                       .n = n,
                                       .k = k,
                                       .alpha = 1,
                                       .a = a,
                                       .b = b,
                                       .c = t == 0 ? first : c,
                                       .scratch = scratch});
                if (t > 0)
                    ck_assert_mem_eq(first, c, m * n * sizeof *c);
            }
            ck_assert_int_eq(nn_set_num_threads(0), NN_OK);
            free(a);
            free(b);
            free(first);
            free(c);
            free(scratch);
        }
}
END_TEST

/* ---- measured grids ---- */

/* A grid is served for its own shape and no other, and products are computed on it. */
START_TEST(a_measured_grid_is_for_its_shape_alone)
{
    const nn_gemm_shape shape = {.kind = NN_GEMM_NN, .m = 40, .n = 50, .k = 60};
    const nn_gemm_grid odd = {.m = 7, .n = 9, .k = 11, .rows = 6, .columns = 6};
    nn_gemm_shape others[5];
    nn_gemm_grids *grids = nn_gemm_grids_create(3);
    ck_assert_ptr_nonnull(grids);
    nn_gemm_grids_find(grids, &shape);
    nn_gemm_grids_find(grids, &shape);
    ck_assert_uint_eq(grids->count, 1); /* noted once */
    grids->noting = false;
    grids->choices[0].grid = odd;
    const nn_gemm_grid found = nn_gemm_grids_find(grids, &shape);
    ck_assert_mem_eq(&found, &odd, sizeof odd);
    for (size_t i = 0; i < 5; i++)
        others[i] = shape;
    others[0].kind = NN_GEMM_TN;
    others[1].m++;
    others[2].n++;
    others[3].k++;
    others[4].can_transpose = true;
    for (size_t i = 0; i < 5; i++) {
        const nn_gemm_grid other = nn_gemm_grids_find(grids, &others[i]);
        const nn_gemm_grid rule = nn_gemm_plan(&others[i], nn_gemm_known_limits());
        ck_assert(other.m == rule.m && other.n == rule.n && other.k == rule.k);
    }
    ck_assert_uint_eq(grids->count, 1); /* noting is over */

    unsigned char *times = calloc(40 * 50, 1);
    nn_real *a = random_values(40 * 60, 1), *b = random_values(60 * 50, 2);
    nn_real *c = calloc(40 * 50, sizeof *c), *copy = calloc(40 * 50, sizeof *copy);
    struct finished finished = {c, copy, times, 50};
    finish_calls = 0;
    nn_gemm_run(&(nn_gemm){.kind = NN_GEMM_NN,
                           .m = 40,
                           .n = 50,
                           .k = 60,
                           .alpha = 1,
                           .a = a,
                           .b = b,
                           .c = c,
                           .finish = finish,
                           .context = &finished,
                           .grids = grids});
    ck_assert_uint_eq(finish_calls, 36);
    free(times);
    free(a);
    free(b);
    free(c);
    free(copy);
    nn_release(grids);
}
END_TEST

/* Every candidate of a shape gives the product; the one that is chosen is one of them. */
START_TEST(measuring_keeps_the_product)
{
    static const size_t tried[][3] = {{33, 70, 90}, {64, 200, 256}, {256, 40, 130}};
    for (size_t s = 0; s < 3; s++)
        for (int way = 0; way < WAYS; way++) {
            const size_t m = tried[s][0], n = tried[s][1], k = tried[s][2];
            nn_gemm_grids *grids = nn_gemm_grids_create(1);
            nn_real *scratch = scratch_for(way, m, n, k);
            nn_real *a = random_values(m * k, 3), *b = random_values(k * n, 4);
            nn_real *c = calloc(m * n, sizeof *c);
            const nn_gemm gemm = {.kind = kind_of(way),
                                  .m = m,
                                  .n = n,
                                  .k = k,
                                  .alpha = 1,
                                  .a = a,
                                  .b = b,
                                  .c = c,
                                  .scratch = scratch,
                                  .grids = grids};
            nn_gemm_run(&gemm);
            ck_assert_uint_eq(grids->count, 1);
            ck_assert_int_eq(grids->choices[0].shape.can_transpose, way == BY_COPIES);
            ck_assert(nn_gemm_grids_measure(grids));
            ck_assert(grids->choices[0].seconds > 0 &&
                      grids->choices[0].seconds <= grids->choices[0].rule_seconds);
            memset(c, 0, m * n * sizeof *c);
            nn_gemm_run(&gemm);
            for (size_t i = 0; i < m * n; i++)
                ck_assert_double_eq_tol((double)c[i], plain(gemm.kind, m, n, k, a, b, i / n, i % n),
                                        1e-6 * (double)(k + 1));
            nn_release(grids);
            free(scratch);
            free(a);
            free(b);
            free(c);
        }
}
END_TEST

/* ---- the rule ---- */

START_TEST(tiles_cover_the_product_and_keep_the_limits)
{
    static const nn_gemm_limits limits[] = {{.volume = 1000000,
                                             .nt_footprint = 4096,
                                             .rows = 16,
                                             .columns = 96,
                                             .few_columns = 32,
                                             .slab = SIZE_MAX,
                                             .depth = 128,
                                             .most_depth = 160},
                                            {.volume = 262144,
                                             .rows = 48,
                                             .columns = 160,
                                             .few_columns = 160,
                                             .slab = 112,
                                             .depth = 48,
                                             .most_depth = SIZE_MAX,
                                             .vector_footprint = 9215}};
    random_state = 7;
    for (int i = 0; i < 20000; i++) {
        size_t size[3]; /* of very different magnitudes */
        for (int d = 0; d < 3; d++)
            size[d] = 1 + random_bits() % ((size_t)1 << (1 + random_bits() % 13));
        const size_t m = size[0], n = size[1], k = size[2];
        const nn_gemm_kind kind = (nn_gemm_kind)(random_bits() % 3);
        const nn_gemm_limits *limit = &limits[random_bits() % 2];
        const nn_gemm_shape shape = {
            .kind = kind, .m = m, .n = n, .k = k, .can_transpose = random_bits() % 2 == 0};
        const nn_gemm_grid grid =
            i % 2 == 0
                ? nn_gemm_plan(&shape, limit)
                : nn_gemm_cut(&shape, limit, shape.can_transpose, false, 1 + random_bits() % 500,
                              1 + random_bits() % 500, 1 + random_bits() % 500);
        const bool transposed = grid.transposed;
        ck_assert(!transposed || shape.can_transpose);
        ck_assert(i % 2 == 0 || transposed == shape.can_transpose);
        ck_assert(grid.m > 0 && grid.n > 0 && grid.k > 0);
        const size_t rows = transposed ? n : m, columns = transposed ? m : n;
        ck_assert(grid.rows * grid.m >= rows && (grid.rows - 1) * grid.m < rows);
        ck_assert(grid.columns * grid.n >= columns && (grid.columns - 1) * grid.n < columns);
        const size_t tile_m = grid.m < rows ? grid.m : rows;
        const size_t tile_n = grid.n < columns ? grid.n : columns;
        const size_t tile_k = grid.k < k ? grid.k : k;
        ck_assert_msg(tile_m * tile_n * tile_k <= limit->volume, "%s %zu x %zu x %zu: %zu %zu %zu",
                      ways[kind], m, n, k, tile_m, tile_n, tile_k);
        if (kind == NN_GEMM_NT && !transposed && limit->nt_footprint > 0)
            ck_assert_msg(tile_n * tile_k <= limit->nt_footprint, "%zu x %zu x %zu: %zu %zu", m, n,
                          k, tile_n, tile_k);
        ck_assert(!grid.vector || (m == 1 && kind == NN_GEMM_NN));
        if (grid.vector)
            ck_assert_uint_le(tile_n * tile_k, limit->vector_footprint);
        if (m * n * k < 400000 && n * k < 120000)
            ck_assert(!grid.pooled); /* a small network stays on one thread */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *tests = tcase_create("gemm");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, products_equal_plain_loops);
    tcase_add_test(tests, nan_propagates);
    tcase_add_test(tests, every_value_is_finished_once_and_whole);
    tcase_add_test(tests, the_bits_are_the_same_on_any_number_of_threads);
    tcase_add_test(tests, a_measured_grid_is_for_its_shape_alone);
    tcase_add_test(tests, measuring_keeps_the_product);
    tcase_add_test(tests, tiles_cover_the_product_and_keep_the_limits);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
