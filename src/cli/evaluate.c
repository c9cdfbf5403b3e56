/* nn evaluate: loss and metrics of a saved model on data. */
#include "cli.h"
#include <stdlib.h>

struct evaluate_options {
    cli_data data;
    const char *labels;
    const char *model;
    bool confusion;
};

enum { KEY_LABELS = 400, KEY_CONFUSION };

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct evaluate_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->data;
        return 0;
    case KEY_LABELS:
        options->labels = argument;
        return 0;
    case KEY_CONFUSION:
        options->confusion = true;
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
        if (options->labels == NULL)
            argp_error(state, "--labels is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_evaluate(int argc, char **argv)
{
    const struct argp_option table[] = {
        {"labels", KEY_LABELS, "FILE", 0, "The class of each row: an IDX file, gzipped or plain",
         0},
        {"confusion", KEY_CONFUSION, NULL, 0,
         "Also print the confusion matrix, as CSV: a line for each true class, a column for each "
         "predicted one",
         0},
        {0}};
    const struct argp_child children[] = {{&cli_data_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {
        .options = table,
        .parser = parse_option,
        .args_doc = "MODEL",
        .doc = "Print the loss and the metrics of a saved model on data, one a line.",
        .children = children,
    };
    struct evaluate_options options = {0};
    int result = cli_parse(&argp, argc, argv, &options);
    if (result != EXIT_SUCCESS)
        return result;

    nn_model *model;
    if (nn_model_load(&model, options.model) != NN_OK)
        return cli_fail_library();
    nn_dataset *data;
    result = cli_data_load(&data, &options.data, options.labels, NULL);
    if (result == EXIT_SUCCESS)
        result = cli_print_evaluation(model, data, "");
    if (result == EXIT_SUCCESS && options.confusion)
        result = cli_print_confusion(model, data);
    nn_dataset_free(data);
    nn_model_free(model);
    return result;
}
