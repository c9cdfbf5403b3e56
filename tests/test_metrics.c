/* Metrics against plain loops: however the rows are split, side by side, where they mean nothing; and the
 * confusion matrix. */
#include "allocate.h"
#include "fitting.h"
#include "metric.h"
#include "random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 240, WIDEST = 5 };

/* Answers and what they should be, in all forms. */
struct answers {
    size_t width;
    nn_real y[ROWS * WIDEST], values[ROWS * WIDEST];
    int32_t labels[ROWS];
};

static void fill(struct answers *answers, size_t width)
{
    nn_random random = nn_random_stream(41, NN_RANDOM_LAYER, 0, 0);
    answers->width = width;
    for (size_t i = 0; i < ROWS * width; i++) {
        answers->y[i] = (nn_real)nn_random_uniform(&random);
        answers->values[i] = (nn_real)nn_random_below(&random, 2);
    }
    for (size_t i = 0; i < ROWS; i++)
        answers->labels[i] = (int32_t)nn_random_below(&random, width);
}

static double *state_for(const nn_part *part, size_t width)
{
    double *state = calloc(nn_metric_of(part)->state_count(part->self, width) + 1, sizeof(*state));
    ck_assert_ptr_nonnull(state);
    return state;
}

/* The result over all rows, so many at a time. */
static double result_by(const nn_part *part, const struct answers *answers, nn_target_kind kind,
                        size_t at_once)
{
    const nn_metric *metric = nn_metric_of(part);
    const size_t width = answers->width;
    double *state = state_for(part, width);
    for (size_t at = 0; at < ROWS; at += at_once) {
        const size_t rows = ROWS - at < at_once ? ROWS - at : at_once;
        const nn_target target = {
            .kind = kind,
            .values = kind == NN_TARGET_VALUES ? answers->values + at * width : NULL,
            .labels = kind == NN_TARGET_LABELS ? answers->labels + at : NULL,
        };
        metric->update(part->self, state, rows, width, answers->y + at * width, &target, NULL);
    }
    const double result = metric->result(part->self, width, state);
    free(state);
    return result;
}

/* ---- every metric ---- */

static bool takes_width(const nn_part *part, size_t width)
{
    return nn_metric_of(part)->check_width == NULL ||
           nn_metric_of(part)->check_width(part->self, width) == NN_OK;
}

START_TEST(a_metric_is_the_same_to_the_bit_however_the_rows_are_split)
{
    static const size_t splits[] = {1, 7, 32, 100}, widths[] = {1, 3, WIDEST};
    static const nn_target_kind kinds[] = {NN_TARGET_VALUES, NN_TARGET_LABELS};
    struct answers answers;
    nn_part part;
    size_t compared = 0;
    OK(nn_part_parse(&part, &nn_metric_room, nn_metric_room.parts[_i]->sample));
    for (size_t w = 0; w < COUNT(widths); w++)
        for (size_t k = 0; k < COUNT(kinds); k++) {
            if (!takes_width(&part, widths[w]) || (nn_metric_of(&part)->targets & kinds[k]) == 0)
                continue;
            fill(&answers, widths[w]);
            const double whole = result_by(&part, &answers, kinds[k], ROWS);
            ck_assert(isfinite(whole));
            for (size_t s = 0; s < COUNT(splits); s++)
                ck_assert(result_by(&part, &answers, kinds[k], splits[s]) == whole);
            compared++;
        }
    ck_assert_uint_ge(compared, 2);
    nn_part_free(&part);
}
END_TEST

START_TEST(nothing_taken_in_is_a_result_of_0)
{
    nn_part part;
    OK(nn_part_parse(&part, &nn_metric_room, nn_metric_room.parts[_i]->sample));
    double *state = state_for(&part, 3);
    const double result = nn_metric_of(&part)->result(part.self, 3, state);
    ck_assert(result == 0 && !signbit(result));
    free(state);
    nn_part_free(&part);
}
END_TEST

/* Those that count answers, to which NaN is a wrong or negative one; in the others it stays NaN. */
static bool counts_answers(const nn_part_type *type)
{
    static const char *const counting[] = {"accuracy", "positives",   "negatives",  "precision",
                                           "recall",   "sensitivity", "f1_score",   "auc",
                                           "beta",     "top_k",       "specificity"};
    for (size_t i = 0; i < COUNT(counting); i++)
        if (strstr(type->name, counting[i]) != NULL)
            return true;
    return false;
}

START_TEST(an_output_that_is_nan_is_no_answer_or_a_result_of_nan)
{
    struct answers answers;
    nn_part part;
    OK(nn_part_parse(&part, &nn_metric_room, nn_metric_room.parts[_i]->sample));
    const unsigned targets = nn_metric_of(&part)->targets;
    const nn_target_kind kind =
        (targets & NN_TARGET_VALUES) != 0 ? NN_TARGET_VALUES : NN_TARGET_LABELS;
    fill(&answers, 3);
    for (size_t j = 0; j < 3; j++)
        answers.y[30 + j] = (nn_real)NAN;
    const double result = result_by(&part, &answers, kind, 32);
    if (counts_answers(part.type))
        ck_assert_msg(isfinite(result), "%s is %g", part.type->name, result);
    else
        ck_assert_msg(isnan(result), "%s is %g", part.type->name, result);
    nn_part_free(&part);
}
END_TEST

/* ---- against plain loops ---- */

static bool is_right(const char *name, double threshold, const struct answers *answers,
                     nn_target_kind kind, size_t i, size_t j)
{
    const size_t width = answers->width;
    if (strcmp(name, "binary_accuracy") == 0 || width == 1)
        return (answers->y[i * width + j] > (nn_real)threshold) ==
               (answers->values[i * width + j] == 1);
    size_t best = 0, wanted = 0;
    for (size_t c = 1; c < width; c++) {
        best = answers->y[i * width + c] > answers->y[i * width + best] ? c : best;
        wanted = answers->values[i * width + c] > answers->values[i * width + wanted] ? c : wanted;
    }
    return best == (kind == NN_TARGET_LABELS ? (size_t)answers->labels[i] : wanted);
}

static const struct {
    const char *spec;
    double threshold;
    nn_target_kind kind;
    size_t width;
} accuracies[] = {
    {"accuracy", 0.5, NN_TARGET_VALUES, 1},
    {"accuracy", 0, NN_TARGET_VALUES, 5},
    {"accuracy", 0, NN_TARGET_LABELS, 5},
    {"binary_accuracy", 0.5, NN_TARGET_VALUES, 1},
    {"binary_accuracy threshold=0.3", 0.3, NN_TARGET_VALUES, 4},
    {"categorical_accuracy", 0, NN_TARGET_VALUES, 5},
    {"sparse_categorical_accuracy", 0, NN_TARGET_LABELS, 5},
};

START_TEST(an_accuracy_is_the_share_of_right_answers)
{
    struct answers answers;
    const size_t width = accuracies[_i].width;
    nn_part part;
    double right = 0;
    OK(nn_part_parse(&part, &nn_metric_room, accuracies[_i].spec));
    fill(&answers, width);
    answers.y[0] = (nn_real)accuracies[_i].threshold; /* on the threshold is below it */
    if (width > 1)
        answers.y[width + 1] = answers.y[width]; /* of two largest, the first */
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < width; j++)
            right += is_right(part.type->name, accuracies[_i].threshold, &answers,
                              accuracies[_i].kind, i, j);
    ck_assert_double_eq_tol(result_by(&part, &answers, accuracies[_i].kind, 32),
                            right / (double)(ROWS * width), 1e-12);
    nn_part_free(&part);
}
END_TEST

/* The area under the ROC curve is the chance that a wanted output is above an unwanted one, equal ones
 * counting half (Hanley and McNeil 1982): exactly, where each output has a threshold of its own. */
START_TEST(auc_is_the_share_of_pairs_in_the_right_order)
{
    struct answers answers;
    nn_part part;
    double right = 0, pairs = 0;
    OK(nn_part_parse(&part, &nn_metric_room, "auc num_thresholds=129"));
    fill(&answers, 1);
    for (size_t i = 0; i < ROWS; i++)
        answers.y[i] = roundf((float)answers.y[i] * 64) / 64;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < ROWS; j++)
            if (answers.values[i] == 1 && answers.values[j] == 0) {
                right += answers.y[i] > answers.y[j] ? 1 : answers.y[i] < answers.y[j] ? 0 : 0.5;
                pairs++;
            }
    ck_assert_double_eq_tol(result_by(&part, &answers, NN_TARGET_VALUES, 32), right / pairs, 1e-12);
    nn_part_free(&part);
}
END_TEST

START_TEST(r2_of_a_large_mean_keeps_its_digits)
{
    struct answers answers;
    nn_part part;
    double residual = 0, total = 0, mean = 0;
    OK(nn_part_parse(&part, &nn_metric_room, "r2_score"));
    fill(&answers, 1);
    for (size_t i = 0; i < ROWS; i++) {
        answers.values[i] = (nn_real)(1e6f + roundf((float)answers.y[i] * 16) / 16);
        answers.y[i] += (nn_real)1e6f;
        mean += (double)answers.values[i] / ROWS;
    }
    for (size_t i = 0; i < ROWS; i++) {
        residual += pow((double)answers.values[i] - (double)answers.y[i], 2);
        total += pow((double)answers.values[i] - mean, 2);
    }
    ck_assert_double_eq_tol(result_by(&part, &answers, NN_TARGET_VALUES, 32), 1 - residual / total,
                            1e-9);
    for (size_t i = 0; i < ROWS; i++)
        answers.values[i] = answers.y[i] = (nn_real)0.1f;
    ck_assert(result_by(&part, &answers, NN_TARGET_VALUES, 32) == 1); /* met, though constant */
    answers.y[3] = 2;
    ck_assert(result_by(&part, &answers, NN_TARGET_VALUES, 32) == 0);
    nn_part_free(&part);
}
END_TEST

START_TEST(rows_that_dont_vary_have_no_correlation)
{
    struct answers answers;
    nn_part part;
    OK(nn_part_parse(&part, &nn_metric_room, "pearson_correlation"));
    fill(&answers, 3);
    for (size_t i = 0; i < ROWS * 3; i++)
        answers.values[i] = (nn_real)0.5f;
    ck_assert(result_by(&part, &answers, NN_TARGET_VALUES, 32) == 0);
    nn_part_free(&part);
}
END_TEST

/* ---- in a model ---- */

static const struct {
    size_t width;
    const char *loss, *metric;
    const char *texts[2]; /* reason and remedy */
} meaningless[] = {
    {1, "mse", "categorical_accuracy", {"the model has 1 output", "use binary_accuracy"}},
    {1, "mse", "top_k_categorical_accuracy", {"the model has 1 output", "use binary_accuracy"}},
    {1, "mse", "categorical_crossentropy", {"one output a class", "use binary_crossentropy"}},
    {1, "mse", "kl_divergence", {"distributions over classes", "use binary_crossentropy"}},
    {1, "mse", "cosine_similarity", {"only a sign", "use mean_squared_error"}},
    {1, "mse", "categorical_hinge", {"one output a class", "use hinge"}},
    {1, "mse", "pearson_correlation", {"along each row's outputs", "use r2_score"}},
    {1, "mse", "concordance_correlation", {"along each row's outputs", "use r2_score"}},
    {1, "mse", "f1_score", {"the model has 1 output", "use threshold=0.5"}},
    {3, "mse", "f1_score", {"a metric is one number", "use average=macro"}},
    {3, "mse", "fbeta_score beta=2", {"each of the model's 3 outputs", "use average=macro"}},
    {3, "mse", "precision top_k=4", {"top_k is 4", "use a top_k of at most"}},
    {3, "mse", "recall class_id=3", {"class_id is 3", "use a class_id of at most 2"}},
    {3, "mse", "precision_at_recall recall=0.5 class_id=3", {"class_id is 3", "at most 2"}},
    {3, "mse", "auc multi_label=true num_labels=2", {"num_labels is 2", "leave num_labels out"}},
    {3, "mse", "auc num_labels=3", {"num_labels is for", "multi_label=true"}},
    {3, "mse", "sparse_top_k_categorical_accuracy", {"class labels", "not values"}},
    {3, "sparse_categorical_crossentropy", "r2_score", {"values", "not class labels"}},
};

START_TEST(a_metric_that_means_nothing_is_refused_with_reason_and_remedy)
{
    char layer[64];
    snprintf(layer, sizeof(layer), "dense units=%zu input_shape=(2)", meaningless[_i].width);
    nn_model *model = make_model(1, layer, "sgd", NULL, NULL);
    const nn_status status =
        nn_model_compile(model, "sgd", meaningless[_i].loss, meaningless[_i].metric);
    ck_assert(status == NN_ERR_SHAPE || status == NN_ERR_INVALID);
    for (size_t i = 0; i < COUNT(meaningless[_i].texts); i++)
        ck_assert_msg(strstr(nn_error_message(), meaningless[_i].texts[i]) != NULL,
                      "'%s' isn't in: %s", meaningless[_i].texts[i], nn_error_message());
    ck_assert_uint_eq(nn_model_metric_count(model), 0);
    nn_model_free(model);
}
END_TEST

static blobs points;

static nn_dataset *one_hot_blobs(void)
{
    nn_dataset *data;
    OK(nn_dataset_from_arrays(&data, BLOB_ROWS, points.x, NN_FLOAT32, 2, points.one_hot, NN_FLOAT32,
                              BLOB_CLASSES));
    return data;
}

/* Their states lie side by side in one block. */
START_TEST(metrics_together_are_what_each_is_alone)
{
    static const char *const metrics[] = {"auc num_thresholds=11 multi_label=true",
                                          "f1_score average=macro",
                                          "mse",
                                          "r2_score",
                                          "precision top_k=1",
                                          "categorical_crossentropy"};
    fill_blobs(&points);
    nn_dataset *data = one_hot_blobs();
    nn_model *model =
        make_model(1, "dense units=3 activation=softmax input_shape=(2)", "sgd", NULL, NULL);
    double alone[COUNT(metrics)], values[1 + COUNT(metrics)];
    nn_text list = NN_TEXT_INIT;
    for (size_t i = 0; i < COUNT(metrics); i++) {
        nn_text_append(&list, "%s%s", i == 0 ? "" : "; ", metrics[i]);
        OK(nn_model_compile(model, "sgd", "categorical_crossentropy", metrics[i]));
        OK(nn_evaluate(model, data, values, 2));
        alone[i] = values[1];
    }
    OK(nn_model_compile(model, "sgd", "categorical_crossentropy", list.data));
    OK(nn_evaluate(model, data, values, COUNT(values)));
    for (size_t i = 0; i < COUNT(metrics); i++)
        ck_assert(values[1 + i] == alone[i]);
    ck_assert_double_eq_tol(values[COUNT(metrics)], values[0], 1e-6); /* the loss as a metric */

    float weight[BLOB_ROWS];
    for (size_t i = 0; i < BLOB_ROWS; i++)
        weight[i] = (float)(i % 4);
    OK(nn_dataset_add_column(data, "sample_weight", weight, NN_FLOAT32, 1));
    double weighted[COUNT(values)];
    OK(nn_evaluate(model, data, weighted, COUNT(weighted)));
    ck_assert(weighted[0] != values[0]);
    ck_assert(memcmp(weighted + 1, values + 1, sizeof(alone)) == 0); /* metrics aren't weighted */
    nn_text_free(&list);
    nn_model_free(model);
    nn_dataset_free(data);
}
END_TEST

/* ---- the confusion matrix ---- */

START_TEST(the_confusion_matrix_counts_what_predict_says)
{
    enum { CLASSES = BLOB_CLASSES };
    fill_blobs(&points);
    nn_dataset *labels = blob_dataset(&points), *values = one_hot_blobs();
    nn_model *model = blob_model(1);
    float y[BLOB_ROWS][CLASSES];
    size_t wanted[CLASSES][CLASSES] = {{0}}, found[CLASSES][CLASSES], wrong = 0;
    OK(nn_predict(model, points.x[0], BLOB_ROWS, y[0]));
    for (size_t i = 0; i < BLOB_ROWS; i++) {
        size_t best = 0;
        for (size_t j = 1; j < CLASSES; j++)
            best = y[i][j] > y[i][best] ? j : best;
        wanted[points.label[i]][best]++;
        wrong += best != (size_t)points.label[i];
    }
    ck_assert_uint_gt(wrong, 0);
    OK(nn_confusion_matrix(model, labels, found[0], CLASSES));
    ck_assert(memcmp(found, wanted, sizeof(found)) == 0);
    OK(nn_model_compile(model, "sgd", "categorical_crossentropy", NULL));
    memset(found, 0, sizeof(found));
    OK(nn_confusion_matrix(model, values, found[0], CLASSES));
    ck_assert(memcmp(found, wanted, sizeof(found)) == 0);
    FAILS(nn_confusion_matrix(model, values, found[0], 2), NN_ERR_INVALID,
          "classes is 2, but the model tells 3 classes apart");
    FAILS(nn_confusion_matrix(model, labels, found[0], CLASSES), NN_ERR_SHAPE, "sparse losses");
    ck_assert(memcmp(found, wanted, sizeof(found)) == 0);
    nn_model_free(model);
    nn_dataset_free(labels);
    nn_dataset_free(values);
}
END_TEST

START_TEST(one_output_tells_two_classes_apart)
{
    const float x[5] = {-1, 1, 2, -3, 0.5f}, y[5] = {0, 1, 0, 1, 1}, kernel = 1, bias = 0.5f;
    size_t found[4];
    nn_dataset *data;
    nn_model *model = make_model(1, "dense units=1 input_shape=(1)", "sgd", "mse", NULL);
    OK(nn_model_set_weights(model, "dense/kernel", &kernel, 1));
    OK(nn_model_set_weights(model, "dense/bias", &bias, 1));
    OK(nn_dataset_from_arrays(&data, 5, x, NN_FLOAT32, 1, y, NN_FLOAT32, 1));
    OK(nn_confusion_matrix(model, data, found, 2));
    ck_assert(found[0] == 1 && found[1] == 1 && found[2] == 1 && found[3] == 2);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

START_TEST(an_output_that_is_nan_is_no_class)
{
    const float x[4] = {1, 2, INFINITY, 1}, y[4] = {0, 1, 0, 1}, kernel[2] = {1, -1};
    size_t found[4] = {1, 2, 3, 4};
    nn_dataset *data;
    nn_model *model =
        make_model(1, "dense units=2 input_shape=(1) activation=softmax", "sgd", "mse", NULL);
    OK(nn_model_set_weights(model, "dense/kernel", kernel, 2));
    float targets[8];
    for (size_t i = 0; i < 8; i++)
        targets[i] = i % 2 == 0 ? 1 - y[i / 2] : y[i / 2];
    OK(nn_dataset_from_arrays(&data, 4, x, NN_FLOAT32, 1, targets, NN_FLOAT32, 2));
    FAILS(nn_confusion_matrix(model, data, found, 2), NN_ERR_NONFINITE, "row 2 is NaN");
    ck_assert(found[0] == 1 && found[1] == 2 && found[2] == 3 && found[3] == 4);
    nn_dataset_free(data);
    nn_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    const int count = (int)nn_metric_room.count;
    TCase *tests = tcase_create("metrics");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_metric_is_the_same_to_the_bit_however_the_rows_are_split, 0,
                        count);
    tcase_add_loop_test(tests, nothing_taken_in_is_a_result_of_0, 0, count);
    tcase_add_loop_test(tests, an_output_that_is_nan_is_no_answer_or_a_result_of_nan, 0, count);
    tcase_add_loop_test(tests, an_accuracy_is_the_share_of_right_answers, 0, COUNT(accuracies));
    tcase_add_test(tests, auc_is_the_share_of_pairs_in_the_right_order);
    tcase_add_test(tests, r2_of_a_large_mean_keeps_its_digits);
    tcase_add_test(tests, rows_that_dont_vary_have_no_correlation);
    tcase_add_loop_test(tests, a_metric_that_means_nothing_is_refused_with_reason_and_remedy, 0,
                        COUNT(meaningless));
    tcase_add_test(tests, metrics_together_are_what_each_is_alone);
    suite_add_tcase(suite, tests);

    tests = tcase_create("confusion matrix");
    tcase_add_test(tests, the_confusion_matrix_counts_what_predict_says);
    tcase_add_test(tests, one_output_tells_two_classes_apart);
    tcase_add_test(tests, an_output_that_is_nan_is_no_class);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
