/* nn: trains, evaluates and uses models of libnn from a shell. */
#include "cli.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const cli_command commands[] = {
    {"train", "train a model on data and save it", cli_train},
    {"evaluate", "print loss and metrics of a saved model on data", cli_evaluate},
    {"predict", "print what a saved model says of data", cli_predict},
    {"summary", "print the layers and parameters of a saved model", cli_summary},
    {"help", "describe layers, optimizers, losses, ... and their options", cli_help},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

const cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int cli_command_run(const cli_command *command, int argc, char **argv)
{
    char name[64];
    snprintf(name, sizeof(name), "nn %s", command->name);
    argv[0] = name;
    cli_message_command(command->name);
    return command->run(argc, argv);
}

/* What the command line held: the command and where it stands. */
struct invocation {
    const cli_command *command;
    int index;
};

static void no_such_command(struct argp_state *state, const char *name)
{
    char known[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < COMMANDS && length < sizeof(known); i++)
        length += (size_t)snprintf(known + length, sizeof(known) - length, "%s%s",
                                   i == 0 ? "" : ", ", commands[i].name);
    if (name == NULL)
        argp_error(state, "no command; known: %s", known);
    else
        argp_error(state, "unknown command '%s'; known: %s", name, known);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct invocation *invocation = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        invocation->command = cli_command_find(argument);
        if (invocation->command == NULL)
            no_such_command(state, argument);
        invocation->index = state->next - 1;
        state->next = state->argc; /* what follows is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        no_such_command(state, NULL);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Puts the table of commands before the options; argp frees what it gets. */
static char *add_commands(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_PRE_DOC)
        return (char *)text;
    char *help = NULL;
    size_t length;
    FILE *stream = open_memstream(&help, &length);
    if (stream == NULL)
        return (char *)text;
    fprintf(stream, "%s\n\nCommands:\n", text);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].help);
    return fclose(stream) == 0 ? help : (char *)text;
}

/* argp, too, prints to stdout and exits, so its end is the only place that sees every write. */
static void close_stdout(void)
{
    int failed = ferror(stdout);
    if (fclose(stdout) != 0 || failed) {
        cli_note("cannot write to standard output");
        _exit(EXIT_FAILURE);
    }
}

/* A file opened later must not become the standard stream that somebody closed: reading from and
 * writing to the missing one shall fail instead. */
static void fill_standard_streams(void)
{
    for (int stream = 0; stream <= 2; stream++)
        if (fcntl(stream, F_GETFD) == -1)
            (void)!open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    fill_standard_streams();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, told like any other */
    if (atexit(close_stdout) != 0)
        return EXIT_FAILURE;

    static char version[64];
    snprintf(version, sizeof(version), "nn (libnn) %s", nn_version());
    argp_program_version = version;
    argp_err_exit_status = EX_USAGE;

    const struct argp argp = {
        .parser = parse_option,
        .args_doc = "COMMAND [OPTION...]",
        .doc = "Train, evaluate and use neural networks. Names and options are Keras's.\v"
               "'nn COMMAND --help' tells a command's options, 'nn help dense' a part's.\n\n"
               "Exit status: 0 success, 1 failure, 64 wrong usage; train: 128 + the number of the "
               "signal that stopped it.",
        .help_filter = add_commands,
    };
    char name[] = "nn";
    if (argc < 1) {
        char *empty[] = {name, NULL};
        return cli_parse(&argp, 1, empty, &(struct invocation){0});
    }
    argv[0] = name;
    struct invocation invocation = {0};
    error_t error = argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &invocation);
    if (error != 0)
        return cli_fail("%s", strerror(error));
    return cli_command_run(invocation.command, argc - invocation.index, argv + invocation.index);
}
