/* Every loss's gradient, and that with the activation it fuses with, against finite differences; further settings
 * stand beside the room's table. */
#include "allocate.h"
#include "loss.h"
#include "model_differences.h"
#include "random.h"
#include "real.h"
#include "suite.h"
#include <string.h>

struct loss_context {
    nn_part part;
    bool fused;
    size_t rows, width;
    nn_real *y, *activated, *weight;
    double *loss;
    nn_target target;
};

static double loss_value(void *context)
{
    struct loss_context *l = context;
    const nn_loss *loss = nn_loss_of(&l->part);
    double sum = 0;
    if (l->fused)
        loss->fused_forward(l->part.self, l->rows, l->width, l->y, l->activated, &l->target,
                            l->loss);
    else
        loss->forward(l->part.self, l->rows, l->width, l->y, &l->target, l->loss);
    for (size_t i = 0; i < l->rows; i++)
        sum += l->weight[i] * l->loss[i];
    return sum;
}

static void check_loss(const char *spec, bool fused, nn_random *random, struct tally *tally)
{
    struct loss_context l = {.fused = fused,
                             .rows = 1 + nn_random_below(random, 6),
                             .width = 2 + nn_random_below(random, 5)};
    OK(nn_part_parse(&l.part, &nn_loss_room, spec));
    const nn_loss *loss = nn_loss_of(&l.part);
    const size_t count = l.rows * l.width;
    if (!fused || loss->fuses_with != NULL) {
        const bool margins = strstr(spec, "hinge") != NULL || strstr(spec, "perceptron") != NULL;
        const bool logits = fused || margins || strstr(spec, "from_logits") != NULL;
        l.y = draw(random, count, logits ? -3 : 0.02, logits ? 3 : 0.98);
        l.activated = draw(random, count, 0, 0);
        l.weight = draw(random, l.rows, 0, 2);
        l.loss = nn_allocate(l.rows, sizeof *l.loss);
        nn_real *values = draw(random, count, 0, 1), *dy = draw(random, count, 0, 0);
        int32_t *labels = nn_allocate(l.rows, sizeof *labels);
        for (size_t i = 0; i < l.rows; i++)
            labels[i] = (int32_t)nn_random_below(random, l.width);
        const double no = nn_random_below(random, 2) == 0 ? 0 : -1; /* yes is 1 */
        for (size_t i = 0; i < count && margins; i++)
            values[i] = nn_random_below(random, 2) == 0 ? no : 1;
        l.target = (nn_target){.kind = loss->target, .values = values, .labels = labels};
        loss_value(&l);
        (fused ? loss->fused_backward : loss->backward)(
            l.part.self, l.rows, l.width, fused ? l.activated : l.y, &l.target, l.weight, dy);
        compare(l.y, count, dy, loss_value, &l, spec, tally);
        void *all[] = {l.y, l.activated, l.weight, l.loss, values, dy, labels};
        for (size_t i = 0; i < COUNT(all); i++)
            nn_release(all[i]);
    }
    nn_part_free(&l.part);
}

START_TEST(losses_are_differentiated_right)
{
    static const char *const more[] = {
        "binary_crossentropy",
        "binary_crossentropy from_logits=true label_smoothing=0.3",
        "categorical_crossentropy",
        "categorical_crossentropy from_logits=true",
        "categorical_crossentropy from_logits=true label_smoothing=0.3",
        "sparse_categorical_crossentropy from_logits=true",
        "huber delta=0.1",
        "huber delta=2",
        "binary_focal_crossentropy",
        "binary_focal_crossentropy gamma=0",
        "binary_focal_crossentropy gamma=0.5 from_logits=true",
        "binary_focal_crossentropy apply_class_balancing=true from_logits=true label_smoothing=0.3",
        "categorical_focal_crossentropy",
        "categorical_focal_crossentropy gamma=0",
        "categorical_focal_crossentropy gamma=0.5 from_logits=true",
        "categorical_focal_crossentropy alpha=2 from_logits=true label_smoothing=0.3",
        "dice",
        "tversky",
        "tversky axis=-1 alpha=0 beta=2",
    };
    const bool fused = _i == 1;
    nn_random random = stream(2);
    struct tally tally = {0, 0};
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < nn_loss_room.count; i++)
            check_loss(nn_loss_room.parts[i]->sample, fused, &random, &tally);
        for (size_t i = 0; i < COUNT(more); i++)
            check_loss(more[i], fused, &random, &tally);
    }
    check_tally(&tally);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients_losses");
    TCase *tcase = add_case(suite, "losses", NULL, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, losses_are_differentiated_right, 0, 2);
    return run_suite(suite);
}
