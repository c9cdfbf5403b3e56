/* The program nn: one file a command, a table of them in main.c, and the helpers that they share. It is
 * written against nn.h alone. Functions that return int give an exit status, and have said on stderr
 * what went wrong when it isn't EXIT_SUCCESS. */
#ifndef NN_CLI_CLI_H
#define NN_CLI_CLI_H

#include "nn.h"
#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- commands ------------------------------------------------------------------------------ */

typedef struct cli_command {
    const char *name;
    const char *help; /* one line */
    int (*run)(int argc, char **argv);
} cli_command;

/* The command of that name; NULL if there is none. */
const cli_command *cli_command_find(const char *name);

/* Runs it with argv[0] replaced by "nn <command>", under which argp speaks of it. */
int cli_command_run(const cli_command *command, int argc, char **argv);

int cli_train(int argc, char **argv);
int cli_evaluate(int argc, char **argv);
int cli_predict(int argc, char **argv);
int cli_summary(int argc, char **argv);
int cli_help(int argc, char **argv);

/* ---- messages ------------------------------------------------------------------------------ */

/* The command named in messages from now on. */
void cli_message_command(const char *name);

/* "nn: train: text" on stderr, after what stdout holds. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, returning EXIT_FAILURE. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* cli_fail with this thread's last failure in libnn. */
int cli_fail_library(void);

/* Prints one of libnn's texts: write asks it for object. */
typedef nn_status (*cli_text_writer)(const void *object, char *buffer, size_t size, size_t *length);
int cli_print_text(cli_text_writer write, const void *object);
int cli_print_summary(const nn_model *model);
int cli_print_plan(const nn_model *model); /* see nn_model_plan */

/* Evaluates and prints a line "<prefix>name: value" for the loss and each metric. */
int cli_print_evaluation(const nn_model *model, const nn_dataset *data, const char *prefix);

/* Writes a field of CSV, quoted if it must be; and the name of a class as one, or its number if the model
 * has no names. */
void cli_write_field(FILE *stream, const char *text);
void cli_write_class(FILE *stream, const nn_model *model, size_t class);

/* Prints the confusion matrix as CSV, a line for each true class, a column for each predicted one. */
int cli_print_confusion(const nn_model *model, const nn_dataset *data);

/* ---- arguments ----------------------------------------------------------------------------- */

/* Numbers of the command line; anything else than a number within bounds ends the program with a usage
 * error that names the option. */
uint64_t cli_parse_unsigned(struct argp_state *state, const char *option, const char *text,
                            uint64_t minimum, uint64_t maximum);
double cli_parse_fraction(struct argp_state *state, const char *option, const char *text);

/* argp_parse, whose own failures (no memory) become an exit status. */
int cli_parse(const struct argp *argp, int argc, char **argv, void *options);

/* Whether a file can be written at path, without leaving anything there. replaced: it will be written
 * beside path and renamed, so whatever is at path now must be a regular file. */
int cli_check_writable(const char *path, bool replaced);

/* A usage error where two of the outputs, or an output and an input, are one file, by whatever names:
 * writing would lose what the other holds. Paths may be NULL; a NULL doesn't end the lists. */
void cli_check_distinct(struct argp_state *state, const char *const *outputs, size_t output_count,
                        const char *const *inputs, size_t input_count);

/* ---- data ---------------------------------------------------------------------------------- */

/* --images, --first and --count, as a child of a command's own argp. */
typedef struct cli_data {
    const char *images;
    size_t first;
    size_t count; /* 0: all from first on */
} cli_data;

extern const struct argp cli_data_argp;

/* Reads images and labels (NULL: none) and gives the rows asked for; class_names: "a,b,c" or NULL. */
int cli_data_load(nn_dataset **data, const cli_data *options, const char *labels,
                  const char *class_names);

/* ---- layers -------------------------------------------------------------------------------- */

/* Adds a list of layers, separated by ';'. A first layer without input_shape takes the data's. */
int cli_layers_add(nn_model *model, const char *list, const nn_dataset *data);

/* ---- stopping ------------------------------------------------------------------------------ */

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted, and the second ends the program. A
 * signal that was ignored stays so. */
void cli_stop_catch(void);
void cli_stop_release(void);

/* The signal that asked to stop; 0: none. */
int cli_stop_signal(void);

/* ---- plots --------------------------------------------------------------------------------- */

/* Draws the columns of history, which csv_logger wrote to csv, into a PNG file with gnuplot. Without
 * gnuplot it says so, which is no failure. */
int cli_plot(const nn_history *history, const char *csv, const char *png);

#endif
