#include "job_commands.h"
#include "bench_fail.h"
#include "job_rows.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct job {
    const struct job_options *options;
    const struct job_contestant *contestant;
    bool has_rows;    /* the contestant got the rows to train on */
    nn_dataset *test; /* read when first needed, as the rows to train on are */
    float *x;         /* [test rows][inputs] */
    float *y;         /* [test rows][outputs] */
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void need_train(struct job *job)
{
    if (job->has_rows)
        return;
    job->contestant->set_rows(job->contestant->self, job_train_rows(job->options));
    job->has_rows = true;
}

static void need_test(struct job *job)
{
    if (job->test != NULL)
        return;
    const struct job_options *options = job->options;
    job->test = job_test_rows(options);
    const size_t rows = nn_dataset_rows(job->test), count = rows * options->widths[0];
    job->x = bench_floats(count);
    job->y = bench_floats(rows * options->widths[options->width_count - 1]);
    bench_demand(nn_dataset_get_values(job->test, "x", 0, rows, job->x), "nn_dataset_get_values");
    for (size_t i = 0; i < count; i++)
        job->x[i] *= job->contestant->scale;
}

/* ---- commands ------------------------------------------------------------------------------- */

static void train(struct job *job, size_t batch, size_t epochs)
{
    need_train(job);
    printf("\"seconds\": [");
    for (size_t i = 0; i < epochs; i++) {
        const double start = seconds_now();
        job->contestant->train_epoch(job->contestant->self, batch);
        printf("%s%.9f", i > 0 ? ", " : "", seconds_now() - start);
    }
    printf("]");
}

static void predict(struct job *job, size_t rows, size_t calls)
{
    const struct job_contestant *contestant = job->contestant;
    need_test(job);
    if (rows > nn_dataset_rows(job->test))
        bench_fail("predict %zu: there are fewer test rows", rows);
    contestant->predict(contestant->self, job->x, contestant->slow ? 1 : rows, job->y);
    const double start = seconds_now();
    for (size_t i = 0; i < calls; i++)
        contestant->predict(contestant->self, job->x, rows, job->y);
    printf("\"seconds\": [%.9f]", (seconds_now() - start) / (double)calls);
}

static void accuracy(struct job *job)
{
    need_test(job);
    const size_t rows = nn_dataset_rows(job->test);
    const size_t classes = job->options->widths[job->options->width_count - 1];
    size_t right = 0;
    job->contestant->predict(job->contestant->self, job->x, rows, job->y);
    for (size_t i = 0; i < rows; i++) {
        const float *row = job->y + i * classes;
        float label;
        size_t best = 0;
        for (size_t k = 1; k < classes; k++)
            if (row[k] > row[best])
                best = k;
        bench_demand(nn_dataset_get_values(job->test, "y", i, 1, &label), "nn_dataset_get_values");
        right += best == (size_t)label;
    }
    printf("\"accuracy\": %.4f", (double)right / (double)rows);
}

/* Whether there is such a command; then it is done. */
static bool obey(struct job *job, const char *line)
{
    size_t first, second;
    char path[PATH_MAX];
    if (sscanf(line, "train %zu %zu", &first, &second) == 2 && first > 0)
        train(job, first, second);
    else if (sscanf(line, "predict %zu %zu", &first, &second) == 2 && first > 0 && second > 0)
        predict(job, first, second);
    else if (strcmp(line, "accuracy\n") == 0)
        accuracy(job);
    else if (job->contestant->save && sscanf(line, "save %4095[^\n]", path) == 1)
        job->contestant->save(job->contestant->self, path);
    else
        return false;
    return true;
}

static void print_name(const struct job_contestant *contestant)
{
    printf("\"name\": \"%s\", \"version\": \"%s\", \"threads\": %zu", contestant->name,
           contestant->version, contestant->threads);
    if (contestant->kernels)
        printf(", \"kernels\": \"%s\"", contestant->kernels);
    if (contestant->slow)
        printf(", \"slow\": true");
}

static void obey_all(struct job *job)
{
    char line[PATH_MAX + 16];
    printf("{");
    print_name(job->contestant);
    printf("}\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        printf("{");
        if (!obey(job, line))
            bench_fail("no such command: %.*s", (int)strcspn(line, "\n"), line);
        printf("}\n");
        fflush(stdout);
    }
}

void job_run(const struct job_options *options, const struct job_contestant *contestant)
{
    struct job job = {.options = options, .contestant = contestant};
    if (options->commands) {
        obey_all(&job);
    } else {
        need_train(&job);
        printf("{");
        print_name(contestant);
        printf(", \"batch\": %zu, ", options->batch);
        train(&job, options->batch, options->epochs);
        printf(", ");
        accuracy(&job);
        printf("}\n");
    }
    nn_dataset_free(job.test);
    free(job.x);
    free(job.y);
}
