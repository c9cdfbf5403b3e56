/* Numbers and files of the command line, checked before any work is done. */
#include "cli.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t cli_parse_unsigned(struct argp_state *state, const char *option, const char *text,
                            uint64_t minimum, uint64_t maximum)
{
    char *end;
    errno = 0;
    uint64_t value = strtoumax(text, &end, 10);
    /* strtoumax takes blanks and signs, and wraps -1 around. */
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < minimum ||
        value > maximum)
        argp_error(state, "--%s: '%s' isn't a whole number from %" PRIu64 " to %" PRIu64, option,
                   text, minimum, maximum);
    return value;
}

double cli_parse_fraction(struct argp_state *state, const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value < 1))
        argp_error(state, "--%s: '%s' isn't a number from 0 to below 1", option, text);
    return value;
}

int cli_parse(const struct argp *argp, int argc, char **argv, void *options)
{
    error_t error = argp_parse(argp, argc, argv, 0, NULL, options);
    return error == 0 ? EXIT_SUCCESS : cli_fail("%s", strerror(error));
}

/* An unnamed file tells more than the directory's mode does (full, over quota, not what it seems), and
 * is gone when it is closed. Where there are none, the mode has to do. */
static bool directory_is_writable(const char *directory)
{
    int file = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
        return true;
    }
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return false;
    return access(directory, W_OK | X_OK) == 0;
}

int cli_check_writable(const char *path, bool replaced)
{
    struct stat info;
    size_t length = strlen(path);
    if (length == 0)
        return cli_fail("cannot write '': it is no file name");
    if (path[length - 1] == '/')
        return cli_fail("cannot write %s: %s", path, strerror(EISDIR));
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return cli_fail("cannot write %s: %s", path, strerror(EISDIR));
        if (replaced && !S_ISREG(info.st_mode))
            return cli_fail("cannot write %s: it exists and isn't a regular file", path);
        if (!replaced)
            return access(path, W_OK) == 0 ? EXIT_SUCCESS
                                           : cli_fail("cannot write %s: %s", path, strerror(errno));
    } else if (errno != ENOENT) {
        return cli_fail("cannot write %s: %s", path, strerror(errno));
    }

    char *copy = strdup(path);
    if (copy == NULL)
        return cli_fail("%s", strerror(errno));
    const char *directory = dirname(copy);
    int result = EXIT_SUCCESS;
    if (!directory_is_writable(directory))
        result = cli_fail("cannot write %s: directory %s: %s", path, directory, strerror(errno));
    free(copy);
    return result;
}

/* A path's directory and its name there. Of a path that ends in a slash there is no name. */
static bool find_directory(const char *path, struct stat *directory, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;
    if (slash == NULL)
        return stat(".", directory) == 0;
    char *copy = strndup(path, (size_t)(slash - path) + 1);
    bool found = copy != NULL && stat(copy, directory) == 0;
    free(copy);
    return found;
}

static bool is_one_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Files that exist are compared themselves, others by where they would be made. A device or a pipe
 * has nothing to lose. */
static bool is_one_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    const char *name_a, *name_b;
    const bool a_exists = stat(a, &of_a) == 0, b_exists = stat(b, &of_b) == 0;
    if (a_exists && b_exists)
        return S_ISREG(of_a.st_mode) && is_one_inode(&of_a, &of_b);
    return a_exists == b_exists && find_directory(a, &of_a, &name_a) &&
           find_directory(b, &of_b, &name_b) && is_one_inode(&of_a, &of_b) &&
           strcmp(name_a, name_b) == 0;
}

void cli_check_distinct(struct argp_state *state, const char *const *outputs, size_t output_count,
                        const char *const *inputs, size_t input_count)
{
    for (size_t i = 0; i < output_count; i++) {
        if (outputs[i] == NULL)
            continue;
        for (size_t j = i + 1; j < output_count; j++)
            if (outputs[j] != NULL && is_one_file(outputs[i], outputs[j]))
                argp_error(state, "%s can't be two outputs at once", outputs[j]);
        for (size_t j = 0; j < input_count; j++)
            if (inputs[j] != NULL && is_one_file(outputs[i], inputs[j]))
                argp_error(state, "%s can't be both input and output", outputs[i]);
    }
}
