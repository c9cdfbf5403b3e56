/* Learning curves, drawn by gnuplot from the file that csv_logger wrote. */
#include "cli.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* prefix and text as a string of gnuplot: in '', where ' is written '' and nothing else has a
 * meaning. */
static void write_string(FILE *stream, const char *prefix, const char *text)
{
    fprintf(stream, "'%s", prefix);
    for (; *text != '\0'; text++)
        fputs(*text == '\'' ? "''" : (const char[]){*text, '\0'}, stream);
    fputc('\'', stream);
}

/* The same for a file name. One that begins with '<' or '|' would be a command, with '~' another
 * directory, with '-', '+' or '$' no file: behind ./ these are letters. */
static void write_file_name(FILE *stream, const char *path)
{
    write_string(stream, path[0] == '/' ? "" : "./", path);
}

/* The first line of a file, without its end; NULL, with errno set, if it can't be read. */
static char *read_first_line(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    char *line = NULL;
    size_t size = 0;
    const bool read = getline(&line, &size, file) >= 0;
    const int error = ferror(file) ? errno : ENODATA;
    fclose(file);
    if (read) {
        line[strcspn(line, "\r\n")] = '\0';
        return line;
    }
    free(line);
    errno = error;
    return NULL;
}

/* The number, from 1, of the column with that name in a line of names; 0 if there is none. */
static size_t find_column(const char *header, const char *name)
{
    const size_t length = strlen(name);
    for (size_t column = 1;; column++) {
        const size_t end = strcspn(header, ",");
        if (end == length && memcmp(header, name, length) == 0)
            return column;
        if (header[end] == '\0')
            return 0;
        header += end + 1;
    }
}

/* The commands for gnuplot; NULL without memory. Names can come from a model file: they stand in
 * strings only. */
static char *make_script(const nn_history *history, const char *header, const char *csv,
                         const char *png)
{
    char *script = NULL;
    size_t length, drawn = 0;
    FILE *stream = open_memstream(&script, &length);
    if (stream == NULL)
        return NULL;
    fputs("set terminal pngcairo size 960,600; set output ", stream);
    write_file_name(stream, png);
    fputs("; set datafile separator comma; set datafile missing 'NA'; "
          "set xlabel 'epoch'; set grid; set key noenhanced; "
          "set offsets 0.5, 0.5, 0, 0; plot ",
          stream);
    for (size_t i = 0; i < nn_history_count(history); i++) {
        const char *name = nn_history_name(history, i);
        const size_t column = find_column(header, name);
        if (column == 0)
            continue;
        fputs(drawn++ == 0 ? "" : ", ", stream);
        write_file_name(stream, csv);
        fprintf(stream, " skip 1 using 1:%zu with linespoints title ", column);
        write_string(stream, "", name);
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
    char *header = read_first_line(csv);
    if (header == NULL)
        return cli_fail("cannot read %s: %s", csv, strerror(errno));
    char *script = make_script(history, header, csv, png);
    free(header);
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
