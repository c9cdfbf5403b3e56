/* What the program says: failures on stderr, texts and results of the library on stdout. */
#include "cli.h"
#include <stdarg.h>
#include <stdlib.h>

static const char *command_name;

void cli_message_command(const char *name)
{
    command_name = name;
}

static void say(const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("nn: ", stderr);
    if (command_name != NULL)
        fprintf(stderr, "%s: ", command_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void cli_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

int cli_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return EXIT_FAILURE;
}

int cli_fail_library(void)
{
    return cli_fail("%s", nn_error_message());
}

int cli_print_text(cli_text_writer write, const void *object)
{
    size_t length;
    if (write(object, NULL, 0, &length) != NN_OK)
        return cli_fail_library();
    char *text = malloc(length + 1);
    if (text == NULL)
        return cli_fail("out of memory for a text of %zu bytes", length);
    int result = EXIT_SUCCESS;
    if (write(object, text, length + 1, NULL) != NN_OK)
        result = cli_fail_library();
    else
        fputs(text, stdout);
    if (result == EXIT_SUCCESS && length > 0 && text[length - 1] != '\n')
        putchar('\n');
    free(text);
    return result;
}

static nn_status write_summary(const void *model, char *buffer, size_t size, size_t *length)
{
    return nn_model_summary(model, buffer, size, length);
}

int cli_print_summary(const nn_model *model)
{
    return cli_print_text(write_summary, model);
}

static nn_status write_plan(const void *model, char *buffer, size_t size, size_t *length)
{
    return nn_model_plan(model, buffer, size, length);
}

int cli_print_plan(const nn_model *model)
{
    return cli_print_text(write_plan, model);
}

int cli_print_evaluation(const nn_model *model, const nn_dataset *data, const char *prefix)
{
    size_t count = nn_model_metric_count(model);
    double *values = calloc(count + 1, sizeof(*values));
    if (values == NULL)
        return cli_fail("out of memory for %zu metrics", count);
    int result = EXIT_SUCCESS;
    if (nn_evaluate(model, data, values, count) != NN_OK)
        result = cli_fail_library();
    for (size_t i = 0; result == EXIT_SUCCESS && i < count; i++)
        printf("%s%s: %.6g\n", prefix, nn_model_metric_name(model, i), values[i]);
    free(values);
    return result;
}
