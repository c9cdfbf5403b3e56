/* What the program says: failures on stderr, texts and results of the library on stdout. */
#include "cli.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

void cli_write_field(FILE *stream, const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text != '\0'; text++)
        fputs(*text == '"' ? "\"\"" : (const char[]){*text, '\0'}, stream);
    fputc('"', stream);
}

void cli_write_class(FILE *stream, const nn_model *model, size_t class)
{
    const char *name = nn_model_class_name(model, class);
    if (name != NULL)
        cli_write_field(stream, name);
    else
        fprintf(stream, "%zu", class);
}

int cli_print_confusion(const nn_model *model, const nn_dataset *data)
{
    const size_t outputs = nn_model_output_width(model), classes = outputs == 1 ? 2 : outputs;
    size_t *counts = calloc(classes, classes * sizeof(*counts));
    if (counts == NULL)
        return cli_fail("out of memory for the confusion of %zu classes", classes);
    int result = EXIT_SUCCESS;
    if (nn_confusion_matrix(model, data, counts, classes) != NN_OK)
        result = cli_fail_library();
    for (size_t i = 0; result == EXIT_SUCCESS && i <= classes; i++) {
        if (i == 0)
            fputs("true\\predicted", stdout);
        else
            cli_write_class(stdout, model, i - 1);
        for (size_t j = 0; j < classes; j++) {
            putchar(',');
            if (i == 0)
                cli_write_class(stdout, model, j);
            else
                printf("%zu", counts[(i - 1) * classes + j]);
        }
        putchar('\n');
    }
    free(counts);
    return result;
}
