/* nn summary: the layers and parameters of a saved model. */
#include "cli.h"
#include <stdlib.h>

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    const char **path = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one MODEL only");
        *path = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "MODEL is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_summary(int argc, char **argv)
{
    const struct argp argp = {
        .parser = parse_option,
        .args_doc = "MODEL",
        .doc = "Print a table of the layers of a saved model, their output shapes and parameters.",
    };
    const char *path = NULL;
    int result = cli_parse(&argp, argc, argv, &path);
    if (result != EXIT_SUCCESS)
        return result;
    nn_model *model;
    if (nn_model_load(&model, path) != NN_OK)
        return cli_fail_library();
    result = cli_print_summary(model);
    nn_model_free(model);
    return result;
}
