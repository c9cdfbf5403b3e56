/* The summary of a model. */
#include "faults.h"
#include "model.h"
#include "small_model.h"
#include "status.h"
#include "suite.h"
#include <string.h>

START_TEST(the_summary_is_kerass_table)
{
    static const char *const layers[] = {
        "flatten input_shape=(28,28)",
        "dense units=300 activation=relu",
        "dense units=100 activation=relu",
        "dense units=10 activation=softmax",
        NULL,
    };
    static const char wanted[] =
        "Model: \"sequential\"\n"
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n"
        "│ flatten (Flatten)               │ (None, 784)            │             0 │\n"
        "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
        "│ dense (Dense)                   │ (None, 300)            │       235,500 │\n"
        "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
        "│ dense_1 (Dense)                 │ (None, 100)            │        30,100 │\n"
        "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
        "│ dense_2 (Dense)                 │ (None, 10)             │         1,010 │\n"
        "└─────────────────────────────────┴────────────────────────┴───────────────┘\n"
        " Total params: 266,610 (1.02 MB)\n"
        " Trainable params: 266,610 (1.02 MB)\n"
        " Non-trainable params: 0 (0.00 B)\n";
    static char text[4096], part[100];
    size_t length = 0;
    nn_model *model = model_of(0, layers);
    OK(nn_model_summary(model, text, sizeof text, &length));
    ck_assert_str_eq(text, wanted);
    ck_assert_uint_eq(length, strlen(wanted));
    ck_assert_uint_eq(nn_model_parameter_count(model), 266610);
    ck_assert_uint_eq(nn_model_trainable_count(model), 266610);
    OK(nn_model_summary(model, part, sizeof part, &length));
    ck_assert_uint_eq(length, strlen(wanted));
    ck_assert_int_eq(strncmp(part, wanted, sizeof part - 1), 0);
    OK(nn_model_summary(model, NULL, 0, &length));
    nn_model_free(model);

    static const char *const wide[] = {
        "dense units=3 input_shape=(2,4) name='größer als alle anderen'", NULL};
    model = model_of(0, wide); /* characters count, not bytes */
    OK(nn_model_summary(model, text, sizeof text, NULL));
    ck_assert_ptr_nonnull(strstr(text, "┃ Layer (type)                    ┃"));
    ck_assert_ptr_nonnull(strstr(text,
                                 "│ größer als alle anderen (Dense) │ (None, 2, 3)           │"
                                 "            15 │\n"));
    ck_assert_ptr_nonnull(strstr(text, " Total params: 15 (60.00 B)\n"));
    nn_model_free(model);
}
END_TEST

START_TEST(a_summary_is_whole_or_fails)
{
    static char wanted[4096], text[4096];
    nn_model *model = make_small(0);
    OK(nn_model_summary(model, wanted, sizeof wanted, NULL));
    const long blocks = faults_live_blocks();
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        faults_fail_allocation(k, true);
        const nn_status status = nn_model_summary(model, text, sizeof text, NULL);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
    ck_assert_str_eq(text, wanted);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("summary");
    TCase *tcase = add_case(suite, "summary", NULL, NULL);
    tcase_add_test(tcase, the_summary_is_kerass_table);
    tcase_add_test(tcase, a_summary_is_whole_or_fails);
    return run_suite(suite);
}
