/* The command line of nn train. */
#include "train.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_LABELS = 400,
    KEY_TEST_IMAGES,
    KEY_TEST_LABELS,
    KEY_CLASS_NAMES,
    KEY_VALIDATION_ROWS,
    KEY_VALIDATION_SPLIT,
    KEY_OPTIMIZER,
    KEY_LOSS,
    KEY_METRICS,
    KEY_SEED,
    KEY_MODEL,
    KEY_EPOCHS,
    KEY_BATCH_SIZE,
    KEY_INITIAL_EPOCH,
    KEY_STEPS_PER_EPOCH,
    KEY_VALIDATION_FREQ,
    KEY_NO_SHUFFLE,
    KEY_MEASURE,
    KEY_CALLBACKS,
    KEY_HISTORY,
    KEY_PLOT
};

enum { GROUP_DATA = 1, GROUP_MODEL, GROUP_TRAINING, GROUP_OUTPUT };

static const struct argp_option table[] = {
    {NULL, 0, NULL, 0, "Data:", GROUP_DATA},
    {"labels", KEY_LABELS, "FILE", 0, "The class of each row: an IDX file, gzipped or plain", 0},
    {"validation-rows", KEY_VALIDATION_ROWS, "N", 0,
     "Hold out the first N rows to validate on after each epoch", 0},
    {"validation-split", KEY_VALIDATION_SPLIT, "F", 0,
     "The same with the fraction F of the rows, from the end, as Keras does", 0},
    {"test-images", KEY_TEST_IMAGES, "FILE", 0, "Evaluate on these rows after training", 0},
    {"test-labels", KEY_TEST_LABELS, "FILE", 0, "Their classes", 0},
    {"class-names", KEY_CLASS_NAMES, "A,B,...", 0,
     "Names of the classes from 0 on, saved with the model", 0},

    {NULL, 0, NULL, 0, "Model:", GROUP_MODEL},
    {"layer", 'l', "SPEC", 0,
     "Add a layer (repeatable; also several, separated by ';'). A first layer without input_shape "
     "takes the shape of the images",
     0},
    {"model", KEY_MODEL, "FILE", 0, "Go on with a saved model instead", 0},
    {"optimizer", KEY_OPTIMIZER, "SPEC", 0, "What adapts the weights (default sgd)", 0},
    {"loss", KEY_LOSS, "SPEC", 0,
     "What training makes small (default sparse_categorical_crossentropy)", 0},
    {"metrics", KEY_METRICS, "LIST", 0,
     "What else is measured, separated by ';' (default accuracy)", 0},
    {"seed", KEY_SEED, "N", 0, "Of initial weights, shuffling and dropout (default 0)", 0},

    {NULL, 0, NULL, 0, "Training:", GROUP_TRAINING},
    {"epochs", KEY_EPOCHS, "N", 0, "Passes over the data (default 1)", 0},
    {"batch-size", KEY_BATCH_SIZE, "N", 0, "Rows of a step (default 32)", 0},
    {"initial-epoch", KEY_INITIAL_EPOCH, "N", 0, "Number of the first epoch (default 0)", 0},
    {"steps-per-epoch", KEY_STEPS_PER_EPOCH, "N", 0,
     "Batches of an epoch (default: a pass over the data)", 0},
    {"validation-freq", KEY_VALIDATION_FREQ, "N", 0, "Validate after every N epochs (default 1)",
     0},
    {"no-shuffle", KEY_NO_SHUFFLE, NULL, 0, "Take the rows in their order", 0},
    {"measure", KEY_MEASURE, NULL, 0,
     "First find the fastest plan of the matrix products by timing, which takes some seconds, and "
     "show it. The results' last digits then depend on what was found",
     0},
    {"callbacks", KEY_CALLBACKS, "LIST", 0,
     "What else is done, separated by ';': nn help callback lists them", 0},

    {NULL, 0, NULL, 0, "Output:", GROUP_OUTPUT},
    {"output", 'o', "FILE", 0, "Save the model as FILE", 0},
    {"history", KEY_HISTORY, "FILE", 0, "Write loss and metrics of each epoch as CSV", 0},
    {"plot", KEY_PLOT, "FILE", 0, "Draw the history as PNG, with gnuplot", 0},
    {"quiet", 'q', NULL, 0, "Print no summary and no progress", 0},
    {0}};

static void add_layer(train_options *options, const char *spec, struct argp_state *state)
{
    size_t used = options->layers == NULL ? 0 : strlen(options->layers);
    size_t size = used + strlen(spec) + 2;
    char *layers = realloc(options->layers, size);
    if (layers == NULL)
        argp_failure(state, EXIT_FAILURE, 0, "out of memory for a layer");
    snprintf(layers + used, size - used, "%s%s", used > 0 ? ";" : "", spec);
    options->layers = layers;
}

/* What no single option can tell. */
static void check(const train_options *options, struct argp_state *state)
{
    const char *const outputs[] = {options->history, options->plot, options->output};
    const char *const inputs[] = {options->data.images, options->labels, options->test_images,
                                  options->test_labels, options->model};
    if (options->labels == NULL)
        argp_error(state, "--labels is missing");
    if ((options->layers == NULL) == (options->model == NULL))
        argp_error(state, "give either --layer, once or more, or --model");
    if (options->model != NULL && options->seed_given)
        argp_error(state, "--seed is for a new model; one from a file goes on as it was saved");
    if (options->model != NULL && (options->optimizer == NULL) != (options->loss == NULL))
        argp_error(state, "with --model, give both --optimizer and --loss or neither");
    if (options->model != NULL && options->optimizer == NULL && options->metrics != NULL)
        argp_error(state, "with --model, --metrics needs --optimizer and --loss");
    if (options->validation_rows > 0 && options->validation_split > 0)
        argp_error(state, "--validation-rows and --validation-split exclude each other");
    if ((options->test_images == NULL) != (options->test_labels == NULL))
        argp_error(state, "--test-images and --test-labels go together");
    if (options->plot != NULL && options->history == NULL)
        argp_error(state, "--plot draws what --history FILE holds: give both");
    cli_check_distinct(state, outputs, 3, inputs, 4);
    cli_check_distinct(state, outputs, 2, inputs + 4, 1); /* a model may be saved over itself */
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    train_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->data;
        return 0;
    case KEY_LABELS:
        options->labels = argument;
        return 0;
    case KEY_TEST_IMAGES:
        options->test_images = argument;
        return 0;
    case KEY_TEST_LABELS:
        options->test_labels = argument;
        return 0;
    case KEY_CLASS_NAMES:
        options->class_names = argument;
        return 0;
    case KEY_VALIDATION_ROWS:
        options->validation_rows =
            cli_parse_unsigned(state, "validation-rows", argument, 0, SIZE_MAX);
        return 0;
    case KEY_VALIDATION_SPLIT:
        options->validation_split = cli_parse_fraction(state, "validation-split", argument);
        return 0;
    case 'l':
        add_layer(options, argument, state);
        return 0;
    case KEY_MODEL:
        options->model = argument;
        return 0;
    case KEY_OPTIMIZER:
        options->optimizer = argument;
        return 0;
    case KEY_LOSS:
        options->loss = argument;
        return 0;
    case KEY_METRICS:
        options->metrics = argument;
        return 0;
    case KEY_SEED:
        options->seed = cli_parse_unsigned(state, "seed", argument, 0, UINT64_MAX);
        options->seed_given = true;
        return 0;
    case KEY_EPOCHS:
        options->epochs = cli_parse_unsigned(state, "epochs", argument, 1, SIZE_MAX);
        return 0;
    case KEY_BATCH_SIZE:
        options->batch_size = cli_parse_unsigned(state, "batch-size", argument, 1, SIZE_MAX);
        return 0;
    case KEY_INITIAL_EPOCH:
        options->initial_epoch = cli_parse_unsigned(state, "initial-epoch", argument, 0, SIZE_MAX);
        return 0;
    case KEY_STEPS_PER_EPOCH:
        options->steps_per_epoch =
            cli_parse_unsigned(state, "steps-per-epoch", argument, 1, SIZE_MAX);
        return 0;
    case KEY_VALIDATION_FREQ:
        options->validation_freq =
            cli_parse_unsigned(state, "validation-freq", argument, 1, INT_MAX);
        return 0;
    case KEY_NO_SHUFFLE:
        options->keep_order = true;
        return 0;
    case KEY_MEASURE:
        options->measure = true;
        return 0;
    case KEY_CALLBACKS:
        options->callbacks = argument;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case KEY_HISTORY:
        options->history = argument;
        return 0;
    case KEY_PLOT:
        options->plot = argument;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' isn't an option", argument);
        return 0;
    case ARGP_KEY_SUCCESS: /* comes after the children have seen the end */
        check(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int train_options_parse(train_options *options, int argc, char **argv)
{
    const struct argp_child children[] = {{&cli_data_argp, 0, NULL, GROUP_DATA}, {0}};
    const struct argp argp = {
        .options = table,
        .parser = parse_option,
        .doc =
            "Train a model on images and labels.\v"
            "Example:\n"
            "  nn train --images=train-images.gz --labels=train-labels.gz \\\n"
            "    -l 'rescaling scale=0.00392157; flatten' \\\n"
            "    -l 'dense units=300 activation=relu' \\\n"
            "    -l 'dense units=10 activation=softmax' \\\n"
            "    --validation-rows=5000 --epochs=30 -o model.safetensors\n\n"
            "Ctrl-C (SIGINT, SIGTERM, SIGHUP) stops training after the batch; the model is saved "
            "and "
            "the exit status is 128 + the signal's number (130 for Ctrl-C). A second one ends the "
            "program at once. Where training fails after an epoch, the weights it has are saved "
            "too, with exit status 1; after a loss that isn't finite they are those of the last "
            "whole epoch.",
        .children = children,
    };
    *options = (train_options){.epochs = 1, .batch_size = 32};
    return cli_parse(&argp, argc, argv, options);
}

void train_options_free(train_options *options)
{
    free(options->layers);
}
