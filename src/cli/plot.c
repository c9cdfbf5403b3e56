/* Learning curves, drawn by gnuplot from the file that csv_logger wrote. */
#include "cli.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A string of gnuplot: in '', where ' is written ''. */
static void write_string(FILE *stream, const char *text)
{
    fputc('\'', stream);
    for (; *text != '\0'; text++)
        fputs(*text == '\'' ? "''" : (const char[]){*text, '\0'}, stream);
    fputc('\'', stream);
}

/* The commands for gnuplot; NULL without memory. */
static char *make_script(const nn_history *history, const char *csv, const char *png)
{
    char *script = NULL;
    size_t length;
    FILE *stream = open_memstream(&script, &length);
    if (stream == NULL)
        return NULL;
    fputs("set terminal pngcairo size 960,600; set output ", stream);
    write_string(stream, png);
    fputs("; set datafile separator comma; set xlabel 'epoch'; set grid; set key noenhanced; "
          "set offsets 0.5, 0.5, 0, 0; plot ",
          stream);
    for (size_t i = 0; i < nn_history_count(history); i++) {
        fputs(i == 0 ? "" : ", ", stream);
        write_string(stream, csv);
        fprintf(stream, " using 'epoch':'%s' with linespoints title '%s'",
                nn_history_name(history, i), nn_history_name(history, i));
    }
    if (fclose(stream) == 0)
        return script;
    free(script);
    return NULL;
}

/* Starts gnuplot with the signals as they were before this program changed them. */
static int start(pid_t *process, char *script)
{
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    char name[] = "gnuplot", option[] = "-e";
    error = posix_spawnp(process, name, NULL, &attributes, (char *[]){name, option, script, NULL},
                         environ);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int cli_plot(const nn_history *history, const char *csv, const char *png)
{
    char *script = make_script(history, csv, png);
    if (script == NULL)
        return cli_fail("out of memory for a plot");
    fflush(stdout);
    pid_t process;
    int error = start(&process, script);
    free(script);
    if (error == ENOENT) {
        cli_note("gnuplot isn't installed: %s isn't drawn; its data are in %s", png, csv);
        return EXIT_SUCCESS;
    }
    if (error != 0)
        return cli_fail("cannot run gnuplot: %s; the data are in %s", strerror(error), csv);

    int status = 0;
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return cli_fail("cannot wait for gnuplot: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
        return cli_fail("gnuplot failed to draw %s; the data are in %s", png, csv);
    return EXIT_SUCCESS;
}
