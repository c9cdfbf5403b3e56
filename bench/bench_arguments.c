#include "bench_arguments.h"

#include <errno.h>
#include <stdlib.h>

static size_t read_count(struct argp_state *state, const char *text, const char **end)
{
    char *stop;
    errno = 0;
    const unsigned long value = strtoul(text, &stop, 10);
    if (stop == text || *text < '0' || *text > '9' || errno || value > 1000000)
        argp_error(state, "'%s' isn't a number from 0 to 1000000", text);
    *end = stop;
    return value;
}

size_t bench_read_number(struct argp_state *state, const char *text, size_t least)
{
    const char *end;
    const size_t value = read_count(state, text, &end);
    if (*end || value < least)
        argp_error(state, "'%s' isn't a number from %zu on", text, least);
    return value;
}

size_t bench_read_list(struct argp_state *state, const char *text, size_t least, size_t most,
                       size_t *values)
{
    const char *at = text;
    size_t count = 0;
    for (;; at++) {
        if (count == most)
            argp_error(state, "'%s': more than %zu numbers", text, most);
        values[count] = read_count(state, at, &at);
        if (values[count++] == 0 || (*at && *at != ','))
            argp_error(state, "'%s' isn't positive numbers with commas between them", text);
        if (!*at)
            break;
    }
    if (count < least)
        argp_error(state, "'%s': fewer than %zu numbers", text, least);
    return count;
}
