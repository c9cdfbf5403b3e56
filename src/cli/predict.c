/* nn predict: what a saved model says of each row of data, as CSV (RFC 4180, lines end by LF). */
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct predict_options {
    cli_data data;
    const char *model;
    const char *output;
    size_t batch_size;
    bool probabilities;
    bool values;
};

enum { KEY_BATCH_SIZE = 400, KEY_PROBABILITIES, KEY_VALUES };

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct predict_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->data;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case KEY_BATCH_SIZE:
        options->batch_size = cli_parse_unsigned(state, "batch-size", argument, 1, SIZE_MAX);
        return 0;
    case KEY_PROBABILITIES:
        options->probabilities = true;
        return 0;
    case KEY_VALUES:
        options->values = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one MODEL only");
        options->model = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "MODEL is missing");
        return 0;
    case ARGP_KEY_END:
        if (options->probabilities && options->values)
            argp_error(state, "--probabilities and --values exclude each other");
        return 0;
    case ARGP_KEY_SUCCESS: /* comes after the children have seen the end */
        cli_check_distinct(state, &options->output, 1,
                           (const char *const[]){options->model, options->data.images}, 2);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void write_header(FILE *stream, const nn_model *model, bool probabilities)
{
    fputs(nn_model_class_count(model) > 0 ? "row,class,name" : "row,class", stream);
    for (size_t i = 0; probabilities && i < nn_model_output_width(model); i++) {
        fputc(',', stream);
        cli_write_class(stream, model, i);
    }
    fputc('\n', stream);
}

/* The first of the largest values. */
static size_t largest(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

static void write_class(FILE *stream, const nn_model *model, size_t row, size_t class)
{
    fprintf(stream, "%zu,%zu", row, class);
    if (nn_model_class_count(model) > 0) {
        const char *name = nn_model_class_name(model, class);
        fputc(',', stream);
        cli_write_field(stream, name != NULL ? name : "");
    }
}

/* x[batch][inputs] and y[batch][outputs] hold one batch of rows. */
static int write_rows(FILE *stream, const nn_model *model, const nn_dataset *data,
                      const struct predict_options *options, size_t batch, float *x, float *y)
{
    size_t rows = nn_dataset_rows(data), outputs = nn_model_output_width(model);
    if (!options->values)
        write_header(stream, model, options->probabilities);
    for (size_t first = 0; first < rows; first += batch) {
        size_t count = rows - first < batch ? rows - first : batch;
        if (nn_dataset_get_values(data, "x", first, count, x) != NN_OK ||
            nn_predict(model, x, count, y) != NN_OK)
            return cli_fail_library();
        for (size_t row = 0; row < count; row++) {
            const float *values = y + row * outputs;
            if (!options->values)
                write_class(stream, model, options->data.first + first + row,
                            largest(values, outputs));
            for (size_t i = 0; (options->values || options->probabilities) && i < outputs; i++)
                fprintf(stream, "%s%.9g", options->values && i == 0 ? "" : ",", (double)values[i]);
            fputc('\n', stream);
        }
        if (ferror(stream))
            return stream == stdout /* said at the end of the program */
                       ? EXIT_FAILURE
                       : cli_fail("cannot write %s: %s", options->output, strerror(errno));
    }
    return EXIT_SUCCESS;
}

static int predict(const nn_model *model, const nn_dataset *data,
                   const struct predict_options *options)
{
    size_t rows = nn_dataset_rows(data);
    size_t inputs = nn_model_input_width(model), outputs = nn_model_output_width(model);
    size_t width = nn_dataset_width(data, "x");
    if (width != inputs)
        return cli_fail("%s has rows of %zu values, %s takes %zu", options->data.images, width,
                        options->model, inputs);

    size_t batch = options->batch_size < rows ? options->batch_size : rows;
    float *x = calloc(batch, inputs * sizeof(*x));
    float *y = calloc(batch, outputs * sizeof(*y));
    FILE *stream = stdout;
    int result = EXIT_SUCCESS;
    if (x == NULL || y == NULL) {
        result = cli_fail("out of memory for %zu rows of %zu inputs and %zu outputs", batch, inputs,
                          outputs);
    } else if (options->output != NULL && (stream = fopen(options->output, "we")) == NULL) {
        result = cli_fail("cannot write %s: %s", options->output, strerror(errno));
    } else {
        result = write_rows(stream, model, data, options, batch, x, y);
        if (stream != stdout && fclose(stream) != 0 && result == EXIT_SUCCESS)
            result = cli_fail("cannot write %s: %s", options->output, strerror(errno));
    }
    free(y);
    free(x);
    return result;
}

int cli_predict(int argc, char **argv)
{
    const struct argp_option table[] = {
        {"probabilities", KEY_PROBABILITIES, NULL, 0, "Add a column for each output", 0},
        {"values", KEY_VALUES, NULL, 0,
         "The outputs alone, with the 9 digits that tell every float apart; no header", 0},
        {"batch-size", KEY_BATCH_SIZE, "N", 0, "Rows of one pass (default 1024)", 0},
        {"output", 'o', "FILE", 0, "Write to FILE instead of standard output", 0},
        {0}};
    const struct argp_child children[] = {{&cli_data_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {
        .options = table,
        .parser = parse_option,
        .args_doc = "MODEL",
        .doc =
            "Print, as CSV, the number of each row, the class of its largest output and, where the "
            "model has them, the class's name.\v"
            "A model with one output has no classes: its values are printed as with --values.",
        .children = children,
    };
    struct predict_options options = {.batch_size = 1024};
    int result = cli_parse(&argp, argc, argv, &options);
    if (result != EXIT_SUCCESS)
        return result;

    nn_model *model;
    if (nn_model_load(&model, options.model) != NN_OK)
        return cli_fail_library();
    options.values = options.values || nn_model_output_width(model) == 1;
    nn_dataset *data;
    result = cli_data_load(&data, &options.data, NULL, NULL);
    if (result == EXIT_SUCCESS)
        result = predict(model, data, &options);
    nn_dataset_free(data);
    nn_model_free(model);
    return result;
}
