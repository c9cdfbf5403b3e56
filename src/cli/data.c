/* The data that commands work on: IDX files, some of their rows, names of the classes. */
#include "cli.h"
#include <stdlib.h>
#include <string.h>

enum { KEY_FIRST = 300, KEY_COUNT, KEY_IMAGES };

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    cli_data *options = state->input;
    switch (key) {
    case KEY_IMAGES:
        options->images = argument;
        return 0;
    case KEY_FIRST:
        options->first = cli_parse_unsigned(state, "first", argument, 0, SIZE_MAX);
        return 0;
    case KEY_COUNT:
        options->count = cli_parse_unsigned(state, "count", argument, 1, SIZE_MAX);
        return 0;
    case ARGP_KEY_END:
        if (options->images == NULL)
            argp_error(state, "--images is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp cli_data_argp = {
    .options =
        (const struct argp_option[]){
            {"images", KEY_IMAGES, "FILE", 0, "Rows of input: an IDX file, gzipped or plain", 0},
            {"first", KEY_FIRST, "N", 0, "The first row to use, from 0 (default 0)", 0},
            {"count", KEY_COUNT, "N", 0, "How many rows to use (default: all that follow)", 0},
            {0}},
    .parser = parse_option,
};

/* Names are split at commas, and blanks around them don't count. */
static int set_class_names(nn_dataset *data, const char *list)
{
    size_t count = 1;
    for (const char *c = list; *c != '\0'; c++)
        count += *c == ',';
    char *copy = strdup(list);
    const char **names = calloc(count, sizeof(*names));
    int result = EXIT_SUCCESS;
    if (copy == NULL || names == NULL) {
        result = cli_fail("out of memory for %zu class names", count);
    } else {
        char *rest = copy;
        for (size_t i = 0; i < count; i++) {
            char *name = strsep(&rest, ",");
            name += strspn(name, " \t");
            for (size_t end = strlen(name); end > 0 && strchr(" \t", name[end - 1]); end--)
                name[end - 1] = '\0';
            names[i] = name;
            if (*name == '\0' && result == EXIT_SUCCESS)
                result = cli_fail("--class-names: the name of class %zu is empty", i);
        }
        if (result == EXIT_SUCCESS && nn_dataset_set_class_names(data, names, count) != NN_OK)
            result = cli_fail_library();
    }
    free(names);
    free(copy);
    return result;
}

int cli_data_load(nn_dataset **data, const cli_data *options, const char *labels,
                  const char *class_names)
{
    *data = NULL;
    nn_dataset *whole;
    if (nn_dataset_load_idx(&whole, options->images, labels) != NN_OK)
        return cli_fail_library();

    int result = EXIT_SUCCESS;
    size_t rows = nn_dataset_rows(whole);
    if (class_names != NULL)
        result = set_class_names(whole, class_names);
    if (result != EXIT_SUCCESS) {
        /* said already */
    } else if (options->first >= rows) {
        result = cli_fail("%s has %zu rows: --first=%zu is past the last", options->images, rows,
                          options->first);
    } else {
        size_t left = rows - options->first;
        if (options->count > left)
            result = cli_fail("%s has %zu rows: --first=%zu --count=%zu asks for more",
                              options->images, rows, options->first, options->count);
        else if (nn_dataset_slice(data, whole, options->first,
                                  options->count > 0 ? options->count : left) != NN_OK)
            result = cli_fail_library();
    }
    nn_dataset_free(whole);
    return result;
}
