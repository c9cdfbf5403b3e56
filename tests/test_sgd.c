/* sgd's steps against its rule in double. */
#include "formulas.h"
#include "optimizer.h"
#include "suite.h"

static const struct {
    const char *spec;
    double rate, momentum;
    bool nesterov;
} sgd_cases[] = {
    {"sgd", 0.01, 0, false},
    {"sgd learning_rate=0.25", 0.25, 0, false},
    {"sgd learning_rate=0.1 nesterov=true", 0.1, 0, true}, /* without momentum it is the same */
    {"sgd learning_rate=0.1 momentum=0.9", 0.1, 0.9, false},
    {"sgd learning_rate=0.1 momentum=0.9 nesterov=true", 0.1, 0.9, true},
    {"sgd learning_rate=0 momentum=1", 0, 1, false},
};

START_TEST(sgd_is_kerass_rule_step_by_step)
{
    enum { N = 101, STEPS = 20 };
    const double rate = sgd_cases[_i].rate, momentum = sgd_cases[_i].momentum;
    nn_part part = make(&nn_optimizer_room, sgd_cases[_i].spec);
    const nn_optimizer *sgd = nn_optimizer_of(&part);
    nn_real weights[N], gradients[N], velocity[N] = {0};
    double w[N], v[N] = {0};
    nn_random random = stream_of(51);
    const char *const *slots = sgd->slots(part.self);
    if (momentum > 0)
        ck_assert_str_eq(*slots++, "momentum");
    ck_assert_ptr_null(*slots);
    for (size_t i = 0; i < N; i++)
        w[i] = (double)(weights[i] = (nn_real)next_value(&random, -1, 1));
    for (uint64_t step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < N; i++) {
            gradients[i] = (nn_real)next_value(&random, -1, 1);
            const double g = (double)gradients[i];
            v[i] = momentum * v[i] - rate * g;
            w[i] += sgd_cases[_i].nesterov ? momentum * v[i] - rate * g : v[i];
        }
        ck_assert_double_eq(nn_optimizer_rate(&part, step), rate);
        sgd->step(part.self, &(nn_optimizer_step){.count = N,
                                                  .iteration = step,
                                                  .learning_rate = rate,
                                                  .weights = weights,
                                                  .gradients = gradients,
                                                  .slots = {velocity}});
    }
    for (size_t i = 0; i < N; i++)
        check_value((double)weights[i], w[i], relative(w[i], 5e-6), sgd_cases[_i].spec, i);
    nn_part_free(&part);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sgd");
    TCase *tcase = add_case(suite, "sgd", NULL, NULL);
    tcase_add_loop_test(tcase, sgd_is_kerass_rule_step_by_step, 0, COUNT(sgd_cases));
    return run_suite(suite);
}
