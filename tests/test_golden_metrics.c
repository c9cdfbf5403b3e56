/* Golden values of every metric, of rows with weights and without: the library against what real Keras computed
 * (tests/golden/make_metrics.py, make_weighted_metrics.py). How far a value may be off stands beside it in the
 * files. */
#include "allocate.h"
#include "golden_file.h"
#include "keras_part.h"
#include "metric.h"
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The case's data. */
struct data {
    size_t width;
    nn_real *y, *values;
    int32_t *labels;
    double *weight; /* NULL: none */
};

static struct data read_data(void)
{
    struct data data = {.width = size(golden, "width")};
    const bool of_labels = strcmp(text(golden, "target_kind"), "labels") == 0;
    const size_t rows = json_array_size(member(golden, "y")) / data.width;
    data.y = reals(member(golden, "y"));
    data.values = reals(member(golden, "target"));
    ck_assert_uint_eq(json_array_size(member(golden, "target")),
                      rows * (of_labels ? 1 : data.width));
    if (of_labels)
        data.labels = reserve(rows, sizeof *data.labels);
    for (size_t i = 0; i < rows && of_labels; i++)
        data.labels[i] = (int32_t)data.values[i];
    return data;
}

static void free_data(struct data *data)
{
    free(data->y);
    free(data->values);
    free(data->labels);
    free(data->weight);
}

static void take_in(const nn_part *part, double *state, const struct data *data, size_t first,
                    size_t rows)
{
    const nn_target target = {
        .kind = data->labels != NULL ? NN_TARGET_LABELS : NN_TARGET_VALUES,
        .values = data->labels != NULL ? NULL : data->values + first * data->width,
        .labels = data->labels != NULL ? data->labels + first : NULL,
    };
    ck_assert(nn_metric_of(part)->targets & target.kind);
    nn_metric_of(part)->update(part->self, state, rows, data->width, data->y + first * data->width,
                               &target, data->weight != NULL ? data->weight + first : NULL);
}

static void check_metric(const json_t *wanted, const struct data *data)
{
    nn_part part;
    OK(nn_part_parse(&part, &nn_metric_room, text(wanted, "spec")));
    const nn_metric *metric = nn_metric_of(&part);
    if (metric->check_width != NULL)
        OK(metric->check_width(part.self, data->width));
    double *state = reserve(metric->state_count(part.self, data->width), sizeof *state);
    const json_t *batches = member(golden, "batches"), *values = member(wanted, "values");
    const double bound = json_number_value(member(wanted, "bound"));
    ck_assert_uint_eq(json_array_size(values), json_array_size(batches));
    size_t first = 0;
    for (size_t i = 0; i < json_array_size(batches); i++) {
        const size_t rows = (size_t)at(batches, i);
        take_in(&part, state, data, first, rows);
        first += rows;
        const double found = metric->result(part.self, data->width, state);
        ck_assert_msg(fabs(found - at(values, i)) <= bound,
                      "%s on %s%s after %zu batches: %.9g, Keras has %.9g: off by %.2g, allowed is "
                      "%.2g",
                      text(wanted, "spec"), text(golden, "name"),
                      data->weight != NULL ? " with weights" : "", i + 1, found, at(values, i),
                      fabs(found - at(values, i)), bound);
    }
    free(state);
    nn_part_free(&part);
}

START_TEST(each_metric_is_that_of_keras_after_every_batch)
{
    use_case("metrics.json", _i);
    struct data data = read_data();
    size_t index;
    json_t *wanted;
    ck_assert(json_array_size(member(golden, "metrics")) > 0);
    json_array_foreach(member(golden, "metrics"), index, wanted) check_metric(wanted, &data);
    free_data(&data);
}
END_TEST

/* The same rows. */
START_TEST(each_metric_of_weighted_rows_is_that_of_keras)
{
    use_case("metrics.json", _i);
    struct data data = read_data(), unweighted = data;
    char name[64];
    snprintf(name, sizeof name, "%s", text(golden, "name"));
    free_file();
    use_case("weighted_metrics.json", _i);
    ck_assert_str_eq(text(golden, "name"), name);
    const json_t *weights = member(golden, "weights");
    const size_t rows = json_array_size(weights);
    data.weight = reserve(rows, sizeof *data.weight);
    for (size_t i = 0; i < rows; i++)
        data.weight[i] = at(weights, i);
    size_t index;
    json_t *wanted;
    ck_assert(json_array_size(member(golden, "metrics")) > 0);
    json_array_foreach(member(golden, "metrics"), index, wanted)
        check_metric(wanted, json_is_true(member(wanted, "weighted")) ? &data : &unweighted);
    free_data(&data);
}
END_TEST

/* What Keras wrote down for a metric is read as the spec that says the same. */
START_TEST(each_metrics_config_from_keras_is_read)
{
    use_case("metric_configs.json", _i);
    const char *config = text(golden, "config");
    nn_json *json;
    nn_part read, wanted;
    nn_text found = NN_TEXT_INIT, expected = NN_TEXT_INIT;
    OK(nn_json_parse(&json, config, strlen(config), "config"));
    OK(nn_keras_read_part(&read, &nn_metric_room, json, NULL));
    OK(nn_part_parse(&wanted, &nn_metric_room, text(golden, "spec")));
    nn_part_write(&read, false, &found);
    nn_part_write(&wanted, false, &expected);
    ck_assert_str_eq(found.data, expected.data);
    nn_text_free(&found);
    nn_text_free(&expected);
    nn_part_free(&read);
    nn_part_free(&wanted);
    nn_release(json);
}
END_TEST

/* How many comparisons a file has with that metric. */
static size_t cases_of(const char *file, const char *metric)
{
    const size_t count = count_cases(file);
    size_t found = 0, index;
    json_t *wanted;
    for (size_t i = 0; i < count; i++) {
        use_case(file, (int)i);
        json_array_foreach(member(golden, "metrics"), index, wanted)
        {
            found += is_spec_of(text(wanted, "spec"), metric);
        }
        free_file();
    }
    return found;
}

START_TEST(every_metric_is_compared)
{
    static const char *const files[] = {"metrics.json", "weighted_metrics.json"};
    for (size_t i = 0; i < nn_metric_room.count; i++)
        for (size_t f = 0; f < COUNT(files); f++)
            ck_assert_msg(cases_of(files[f], nn_metric_room.parts[i]->name) >= 3,
                          "few values of %s in %s", nn_metric_room.parts[i]->name, files[f]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden metrics");
    add_cases(suite, "metrics.json", "metrics.json",
              each_metric_is_that_of_keras_after_every_batch);
    add_cases(suite, "weighted_metrics.json", "weighted_metrics.json",
              each_metric_of_weighted_rows_is_that_of_keras);
    add_cases(suite, "metric_configs.json", "metric_configs.json",
              each_metrics_config_from_keras_is_read);
    TCase *whole = tcase_create("all");
    tcase_set_timeout(whole, 120);
    tcase_add_test(whole, every_metric_is_compared);
    suite_add_tcase(suite, whole);
    return run_suite(suite);
}
