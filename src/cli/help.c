/* nn help: what the library says of its parts, and each command of itself. */
#include "cli.h"
#include <stdlib.h>
#include <string.h>

/* The words of the command line, joined by blanks: "loss mean_squared_error". */
struct words {
    char text[256];
    int count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct words *words = state->input;
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    size_t used = strlen(words->text);
    int length = snprintf(words->text + used, sizeof(words->text) - used, "%s%s",
                          words->count == 0 ? "" : " ", argument);
    if (length < 0 || (size_t)length >= sizeof(words->text) - used)
        argp_error(state, "no part has so long a name");
    words->count++;
    return 0;
}

static nn_status write_help(const void *part, char *buffer, size_t size, size_t *length)
{
    return nn_help(part, buffer, size, length);
}

int cli_help(int argc, char **argv)
{
    const struct argp argp = {
        .parser = parse_option,
        .args_doc = "[PART]",
        .doc =
            "Describe a part (dense, relu, sgd, ...) with its options, all parts of a kind (layer, "
            "activation, initializer, loss, metric, optimizer, callback), everything, or a command "
            "of nn.\v"
            "Where two kinds share a name, put the kind first:\n"
            "  nn help loss mean_squared_error",
    };
    struct words words = {0};
    int result = cli_parse(&argp, argc, argv, &words);
    if (result != EXIT_SUCCESS)
        return result;
    const cli_command *command = cli_command_find(words.text);
    if (command != NULL) {
        char name[] = "nn", option[] = "--help";
        return cli_command_run(command, 2, (char *[]){name, option, NULL});
    }
    return cli_print_text(write_help, words.count == 0 ? NULL : words.text);
}
