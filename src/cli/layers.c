/* Layers of the command line: a list of specs, the first of which may leave its shape to the data. */
#include "cli.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The length of the spec at the start of list: up to a ';' that stands in no string. */
static size_t spec_length(const char *list)
{
    bool quoted = false;
    size_t length = 0;
    for (; list[length] != '\0' && (quoted || list[length] != ';'); length++)
        if (list[length] == '\'')
            quoted = !quoted;
    return length;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n,")] == '\0';
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether a spec has the key: the word, in no string, before a '='. */
static bool has_key(const char *spec, const char *key)
{
    size_t length = strlen(key);
    bool quoted = false;
    for (const char *c = spec; *c != '\0'; c++) {
        if (*c == '\'')
            quoted = !quoted;
        if (quoted || strncmp(c, key, length) != 0 || (c > spec && is_word(c[-1])))
            continue;
        const char *after = c + length;
        if (after[strspn(after, " \t\r\n")] == '=')
            return true;
    }
    return false;
}

/* Where options end: before the ')' of name(...), or at the end of the spec. */
static size_t options_end(const char *spec)
{
    size_t end = strlen(spec), name = strspn(spec, " \t\r\n,");
    while (is_word(spec[name]))
        name++;
    while (end > 0 && strchr(" \t\r\n,", spec[end - 1]) != NULL)
        end--;
    return spec[name] == '(' && spec[end - 1] == ')' ? end - 1 : end;
}

/* "spec input_shape=(28,28)"; NULL without memory. */
static char *with_shape_of(const char *spec, const nn_dataset *data)
{
    size_t dimensions[16], end = options_end(spec);
    size_t rank = nn_dataset_shape(data, "x", dimensions, 16);
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL)
        return NULL;
    fprintf(stream, "%.*s input_shape=(", (int)end, spec);
    for (size_t i = 0; i < rank && i < 16; i++)
        fprintf(stream, "%s%zu", i == 0 ? "" : ",", dimensions[i]);
    fprintf(stream, ")%s", spec + end);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

int cli_layers_add(nn_model *model, const char *list, const nn_dataset *data)
{
    bool first = true;
    int result = EXIT_SUCCESS;
    while (result == EXIT_SUCCESS && *list != '\0') {
        size_t length = spec_length(list);
        char *spec = strndup(list, length);
        list += length + (list[length] == ';');
        if (spec != NULL && is_blank(spec)) {
            free(spec);
            continue;
        }
        if (spec != NULL && first && !has_key(spec, "input_shape")) {
            char *shaped = with_shape_of(spec, data);
            free(spec);
            spec = shaped;
        }
        if (spec == NULL)
            result = cli_fail("out of memory for a layer");
        else if (nn_model_add(model, spec) != NN_OK)
            result = cli_fail_library();
        first = false;
        free(spec);
    }
    if (result == EXIT_SUCCESS && first)
        return cli_fail("no layers: --layer holds none");
    return result;
}
