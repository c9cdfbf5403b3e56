#include "example.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void usage(FILE *to, const char *program, const char *data)
{
    fprintf(to, "usage: %s%s [--output DIR]\n", program, data == NULL ? "" : " [--data PATH]");
    if (data != NULL)
        fprintf(to, "  --data PATH   what to learn from (%s)\n", data);
    fputs("  --output DIR  draw pictures into this directory (none are drawn)\n", to);
}

struct arguments read_arguments(int argc, char **argv, const char *data)
{
    static const struct option known[] = {
        {"data", required_argument, NULL, 'd'},
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.data = data, .output = NULL};
    int option;
    while ((option = getopt_long(argc, argv, "d:o:h", known, NULL)) != -1) {
        if (option == 'd' && data != NULL) {
            arguments.data = optarg;
        } else if (option == 'o') {
            arguments.output = optarg;
        } else {
            usage(option == 'h' ? stdout : stderr, argv[0], data);
            exit(option == 'h' ? EXIT_SUCCESS : 2);
        }
    }
    if (optind != argc) {
        usage(stderr, argv[0], data);
        exit(2);
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* so that one can watch, in a log, too */
    return arguments;
}

int make_model(nn_model **model, uint64_t seed, const char *const *layers)
{
    TRY(nn_model_create(model));
    nn_status status = nn_model_set_seed(*model, seed);
    for (size_t i = 0; layers[i] != NULL && status == NN_OK; i++)
        status = nn_model_add(*model, layers[i]);
    if (status != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_message());
        nn_model_free(*model);
        *model = NULL;
    }
    return status == NN_OK;
}

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

FILE *picture_begin(const char *directory, const char *name, int width, int height)
{
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s.gp", directory, name);
    FILE *script = NULL;
    errno = ENAMETOOLONG;
    if (length > 0 && (size_t)length < sizeof path &&
        (mkdir(directory, 0777) == 0 || errno == EEXIST))
        script = fopen(path, "w");
    if (script == NULL) {
        fprintf(stderr, "%s/%s.gp: %s\n", directory, name, strerror(errno));
        return NULL;
    }
    fprintf(script,
            "set terminal pngcairo size %d,%d font 'sans,12' background '#ffffff'\n"
            "set output '%s.png'\n"
            "set border 3 lc rgb '#666666'\n"
            "set tics nomirror textcolor rgb '#333333'\n"
            "set style line 1 lw 2 pt 7 ps 0.9 lc rgb '#1f77b4'\n"
            "set style line 2 lw 2 pt 5 ps 0.9 lc rgb '#e6770b'\n"
            "set style line 3 lw 2 pt 9 ps 0.9 lc rgb '#2a9d5c'\n"
            "set style line 4 lw 2 lc rgb '#555555'\n",
            width, height, name);
    return script;
}

/* Runs gnuplot in the directory; 127 stands for a program that can't be run, as in a shell. */
static int run_gnuplot(const char *directory, const char *script)
{
    const pid_t child = fork();
    if (child == 0) {
        if (chdir(directory) == 0)
            execlp("gnuplot", "gnuplot", script, (char *)NULL);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

int picture_end(FILE *script, const char *directory, const char *name)
{
    const int failed = ferror(script);
    if (fclose(script) != 0 || failed) {
        fprintf(stderr, "%s/%s.gp can't be written\n", directory, name);
        return 0;
    }
    char file[256];
    snprintf(file, sizeof file, "%s.gp", name);
    const int status = run_gnuplot(directory, file);
    if (status == 0)
        printf("picture: %s/%s.png\n", directory, name);
    else if (status == 127)
        printf("gnuplot is not installed (Debian: gnuplot-nox), so there is no picture; later, in\n"
               "%s: gnuplot %s\n",
               directory, file);
    else
        fprintf(stderr, "gnuplot failed on %s/%s\n", directory, file);
    return status == 0 || status == 127;
}
