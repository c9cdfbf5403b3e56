/* Every activation's gradient against finite differences; further settings stand beside the room's table. */
#include "activation.h"
#include "allocate.h"
#include "model_differences.h"
#include "random.h"
#include "real.h"
#include "suite.h"

struct activation_context {
    nn_part part;
    size_t rows, width, output;
    nn_real *z, *y, *c;
};

static double activation_value(void *context)
{
    struct activation_context *a = context;
    nn_activation_of(&a->part)->forward(a->part.self, a->rows, a->width, a->z, a->y);
    return weighted_sum(a->rows * a->output, a->c, a->y);
}

static void check_activation(const char *spec, nn_random *random, struct tally *tally)
{
    struct activation_context a = {.rows = 1 + nn_random_below(random, 6),
                                   .width = 1 + nn_random_below(random, 7)};
    OK(nn_part_parse(&a.part, &nn_activation_room, spec));
    if (nn_activation_of(&a.part)->output_width != NULL)
        a.width *= 2; /* glu halves it */
    OK(nn_activation_output_width(&a.part, a.width, &a.output));
    const size_t count = a.rows * a.width;
    a.z = draw(random, count, -3, 3);
    a.y = draw(random, a.rows * a.output, 0, 0);
    a.c = draw(random, a.rows * a.output, -1, 1);
    nn_real *dz = draw(random, count, 0, 0);
    activation_value(&a);
    const nn_activation *activation = nn_activation_of(&a.part);
    activation->backward(a.part.self, a.rows, a.width, activation->needs_z ? a.z : NULL, a.y, a.c,
                         dz);
    compare(a.z, count, dz, activation_value, &a, spec, tally);
    nn_real *all[] = {a.z, a.y, a.c, dz};
    for (size_t i = 0; i < COUNT(all); i++)
        nn_release(all[i]);
    nn_part_free(&a.part);
}

START_TEST(activations_are_differentiated_right)
{
    static const char *const more[] = {
        "relu",
        "relu max_value=1",
        "relu threshold=0.5",
        "relu negative_slope=0.3 max_value=0",
        "relu negative_slope=0.3 max_value=0.5 threshold=1",
        "leaky_relu",
        "leaky_relu negative_slope=0",
        "celu",
        "celu alpha=2",
        "hard_shrink",
        "hard_shrink threshold=0",
        "soft_shrink",
        "soft_shrink threshold=0",
        "threshold threshold=-1 default_value=2",
        "threshold threshold=1 default_value=0",
        "squareplus",
        "squareplus b=0",
        "heaviside",
    };
    nn_random random = stream(1);
    struct tally tally = {0, 0};
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < nn_activation_room.count; i++)
            check_activation(nn_activation_room.parts[i]->sample, &random, &tally);
        for (size_t i = 0; i < COUNT(more); i++)
            check_activation(more[i], &random, &tally);
    }
    check_tally(&tally);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients_activations");
    TCase *tcase = add_case(suite, "activations", NULL, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, activations_are_differentiated_right);
    return run_suite(suite);
}
