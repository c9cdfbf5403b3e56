/* Dropout: how much it drops, and whose seed it follows. */
#include "formulas.h"
#include "layer.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DROPPED = 20000 };

/* What dropout keeps of ones, with the layer's stream of that model's seed and step. */
static void drop(const char *spec, uint64_t seed, uint64_t step, nn_real *y)
{
    static nn_real ones[DROPPED], kept[DROPPED];
    const nn_shape shape = nn_shape_1d(DROPPED / 10);
    nn_part part = make(&nn_layer_room, spec);
    for (size_t i = 0; i < DROPPED; i++)
        ones[i] = 1;
    nn_layer_of(&part)->forward(
        part.self, &(nn_layer_call){.rows = 10,
                                    .input = &shape,
                                    .output = &shape,
                                    .training = true,
                                    .x = ones,
                                    .y = y,
                                    .kept = kept,
                                    .random = nn_random_stream(seed, NN_RANDOM_LAYER, 1, step)});
    nn_part_free(&part);
}

START_TEST(dropout_drops_its_share_and_scales_the_rest)
{
    static const double rates[] = {0, 0.1, 0.5, 0.9, 1};
    static nn_real y[DROPPED];
    for (size_t r = 0; r < COUNT(rates); r++) {
        char spec[64];
        double zeros = 0;
        snprintf(spec, sizeof spec, "dropout rate=%g", rates[r]);
        drop(spec, 1, 0, y);
        for (size_t i = 0; i < DROPPED; i++) {
            zeros += y[i] == 0;
            if (y[i] != 0)
                check_value((double)y[i], 1 / (1 - rates[r]), 1e-6, spec, i);
        }
        /* 5 standard errors of the share; none where the rate is 0 or 1 */
        ck_assert_double_le(fabs(zeros / DROPPED - rates[r]),
                            5 * sqrt(rates[r] * (1 - rates[r]) / DROPPED));
    }
}
END_TEST

START_TEST(dropouts_own_seed_stands_for_the_models)
{
    static nn_real a[DROPPED], b[DROPPED];
    static const struct {
        const char *spec;
        uint64_t seed, step;
        bool same; /* as the first of its three */
    } cases[] = {
        {"dropout rate=0.5", 1, 0, true},        {"dropout rate=0.5", 2, 0, false},
        {"dropout rate=0.5", 1, 1, false},       {"dropout rate=0.5 seed=7", 1, 0, true},
        {"dropout rate=0.5 seed=7", 2, 0, true}, {"dropout rate=0.5 seed=8", 1, 0, false},
        {"dropout rate=0.5 seed=7", 1, 0, true}, {"dropout rate=0.5 seed=7", 1, 1, false},
        {"dropout rate=0.5", 7, 0, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        drop(cases[i].spec, cases[i].seed, cases[i].step, i % 3 == 0 ? a : b);
        if (i % 3 != 0)
            ck_assert_msg((memcmp(a, b, sizeof a) == 0) == cases[i].same, "case %zu: %s", i,
                          cases[i].spec);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dropout");
    TCase *tcase = add_case(suite, "dropout", NULL, NULL);
    tcase_add_test(tcase, dropout_drops_its_share_and_scales_the_rest);
    tcase_add_test(tcase, dropouts_own_seed_stands_for_the_models);
    return run_suite(suite);
}
