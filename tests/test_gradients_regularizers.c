/* Every regularizer's gradient against finite differences; further settings stand beside the room's table. */
#include "allocate.h"
#include "model_differences.h"
#include "random.h"
#include "real.h"
#include "regularizer.h"
#include "suite.h"

struct regularizer_context {
    nn_part part;
    size_t rows, width;
    nn_real *x, *scratch;
};

static double regularizer_value(void *context)
{
    struct regularizer_context *r = context;
    return nn_regularizer_of(&r->part)->penalty(r->part.self, r->rows, r->width, r->x, r->scratch);
}

static void check_regularizer(const char *spec, nn_random *random, struct tally *tally)
{
    struct regularizer_context r = {.rows = 1 + nn_random_below(random, 6),
                                    .width = 1 + nn_random_below(random, 20)};
    const size_t count = r.rows * r.width;
    const double scale = between(random, -2, 2);
    size_t needed;
    OK(nn_part_parse(&r.part, &nn_regularizer_room, spec));
    ck_assert(nn_regularizer_scratch(&r.part, r.rows, r.width, &needed));
    r.x = draw(random, count, -2, 2);
    r.scratch = draw(random, needed, 0, 0);
    /* it is added, scaled, to what is there */
    nn_real *gradient = draw(random, count, 7, 7);
    nn_regularizer_of(&r.part)->add_gradient(r.part.self, r.rows, r.width, r.x, r.scratch, scale,
                                             gradient);
    for (size_t i = 0; i < count; i++)
        gradient[i] = (gradient[i] - 7) / scale;
    compare(r.x, count, gradient, regularizer_value, &r, spec, tally);
    nn_release(r.x);
    nn_release(r.scratch);
    nn_release(gradient);
    nn_part_free(&r.part);
}

START_TEST(regularizers_are_differentiated_right)
{
    static const char *const more[] = {
        "l1",
        "l1 l1=0",
        "l2",
        "l2 l2=3",
        "l1_l2",
        "l1_l2 l1=0.3",
        "l1_l2 l2=0.3",
        "orthogonal_regularizer",
        "orthogonal_regularizer factor=2",
        "orthogonal_regularizer factor=0 mode=columns",
    };
    nn_random random = stream(6);
    struct tally tally = {0, 0};
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < nn_regularizer_room.count; i++)
            check_regularizer(nn_regularizer_room.parts[i]->sample, &random, &tally);
        for (size_t i = 0; i < COUNT(more); i++)
            check_regularizer(more[i], &random, &tally);
    }
    check_tally(&tally);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients_regularizers");
    TCase *tcase = add_case(suite, "regularizers", NULL, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, regularizers_are_differentiated_right);
    return run_suite(suite);
}
