/* nn train: from files of data to a file with a trained model. */
#include "train.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What training works on. */
struct job {
    nn_dataset *data;     /* all rows asked for */
    nn_dataset *held_out; /* the first of them, or NULL */
    nn_dataset *rest;     /* the others, or NULL */
    nn_dataset *test;     /* or NULL */
    nn_model *model;
    nn_history *history;
    size_t batches; /* steps taken */
};

static void free_job(struct job *job)
{
    nn_history_free(job->history);
    nn_model_free(job->model);
    nn_dataset_free(job->test);
    nn_dataset_free(job->rest);
    nn_dataset_free(job->held_out);
    nn_dataset_free(job->data);
}

/* Hours of training shall not end at a file that can't be written. */
static int check_outputs(const train_options *options)
{
    int result = EXIT_SUCCESS;
    if (options->output != NULL)
        result = cli_check_writable(options->output, true);
    if (result == EXIT_SUCCESS && options->history != NULL)
        result = cli_check_writable(options->history, false);
    if (result == EXIT_SUCCESS && options->plot != NULL)
        result = cli_check_writable(options->plot, false);
    return result;
}

static int load_data(struct job *job, const train_options *options)
{
    int result = cli_data_load(&job->data, &options->data, options->labels, options->class_names);
    if (result != EXIT_SUCCESS)
        return result;
    size_t rows = nn_dataset_rows(job->data), held_out = options->validation_rows;
    if (held_out >= rows)
        return cli_fail("--validation-rows=%zu leaves none of %zu rows to train on", held_out,
                        rows);
    if (held_out > 0 &&
        (nn_dataset_slice(&job->held_out, job->data, 0, held_out) != NN_OK ||
         nn_dataset_slice(&job->rest, job->data, held_out, rows - held_out) != NN_OK))
        return cli_fail_library();
    if (options->test_images == NULL)
        return EXIT_SUCCESS;
    cli_data test = {.images = options->test_images};
    return cli_data_load(&job->test, &test, options->test_labels, NULL);
}

static int make_model(struct job *job, const train_options *options)
{
    if (options->model != NULL) {
        if (nn_model_load(&job->model, options->model) != NN_OK)
            return cli_fail_library();
    } else {
        if (nn_model_create(&job->model) != NN_OK ||
            nn_model_set_seed(job->model, options->seed) != NN_OK)
            return cli_fail_library();
        int result = cli_layers_add(job->model, options->layers, job->data);
        if (result != EXIT_SUCCESS)
            return result;
    }
    size_t names = nn_dataset_class_count(job->data), outputs = nn_model_output_width(job->model);
    if (names > 0 && outputs > 1 && names != outputs)
        return cli_fail("--class-names has %zu names, the model %zu outputs", names, outputs);
    bool compiled = nn_model_metric_count(job->model) > 0;
    if ((!compiled || options->optimizer != NULL) &&
        nn_model_compile(job->model, options->optimizer != NULL ? options->optimizer : "sgd",
                         options->loss != NULL ? options->loss : "sparse_categorical_crossentropy",
                         options->metrics != NULL ? options->metrics : "accuracy") != NN_OK)
        return cli_fail_library();
    return EXIT_SUCCESS;
}

/* The callbacks asked for, and csv_logger for --history; NULL without memory. */
static char *list_callbacks(const train_options *options)
{
    char *list = NULL;
    size_t length;
    FILE *stream = open_memstream(&list, &length);
    if (stream == NULL)
        return NULL;
    if (options->callbacks != NULL)
        fprintf(stream, "%s;", options->callbacks);
    if (options->history != NULL) {
        fputs("csv_logger filename='", stream);
        for (const char *c = options->history; *c != '\0'; c++)
            fputs(*c == '\'' ? "''" : (const char[]){*c, '\0'}, stream); /* ' is written '' */
        fputc('\'', stream);
    }
    if (fclose(stream) == 0)
        return list;
    free(list);
    return NULL;
}

static nn_status watch(const nn_event *event, void *user)
{
    struct job *job = user;
    if (event->kind == NN_EVENT_BATCH_END)
        job->batches++;
    return cli_stop_signal() != 0 ? NN_STOPPED : NN_OK;
}

static nn_status fit(struct job *job, const train_options *options, const char *callbacks)
{
    nn_fit_options how = NN_FIT_OPTIONS_INIT;
    how.epochs = options->epochs;
    how.batch_size = options->batch_size;
    how.initial_epoch = options->initial_epoch;
    how.shuffle = !options->keep_order;
    how.verbose = options->quiet ? 0 : 1;
    how.validation_data = job->held_out;
    how.validation_split = options->validation_split;
    how.steps_per_epoch = options->steps_per_epoch;
    how.validation_freq = (int)options->validation_freq;
    how.callbacks = callbacks;
    how.callback = watch;
    how.callback_user = job;
    fflush(stdout);
    return nn_fit(job->model, job->rest != NULL ? job->rest : job->data, &how, &job->history);
}

static size_t epochs_ended(const nn_history *history)
{
    const double *values;
    size_t count;
    const char *name = history == NULL ? NULL : nn_history_name(history, 0);
    return name != NULL && nn_history_get(history, name, &values, &count) == NN_OK ? count : 0;
}

/* Saves what there is to save: also after a failure, unless it came before any epoch's end. */
static int save(const struct job *job, const train_options *options, bool failed)
{
    bool stopped = cli_stop_signal() != 0;
    if (options->output == NULL || job->batches == 0 ||
        (failed && !stopped && epochs_ended(job->history) == 0))
        return EXIT_SUCCESS;
    if (nn_model_save(job->model, options->output) != NN_OK)
        return cli_fail_library();
    if (failed || stopped)
        cli_note("saved %s after %zu batches", options->output, job->batches);
    else if (!options->quiet)
        printf("saved %s\n", options->output);
    return EXIT_SUCCESS;
}

static int train(struct job *job, const train_options *options)
{
    char *callbacks = list_callbacks(options);
    if (callbacks == NULL)
        return cli_fail("out of memory for the callbacks");
    nn_status status = fit(job, options, callbacks);
    free(callbacks);

    bool failed = status != NN_OK && status != NN_STOPPED;
    int result = failed ? cli_fail_library() : EXIT_SUCCESS;
    if (cli_stop_signal() != 0)
        cli_note("stopped: %s%s", strsignal(cli_stop_signal()),
                 job->batches == 0 ? "; nothing was trained yet" : "");
    if (save(job, options, failed) != EXIT_SUCCESS)
        result = EXIT_FAILURE;
    if (result == EXIT_SUCCESS && cli_stop_signal() != 0)
        result = 128 + cli_stop_signal();
    cli_stop_release(); /* nothing is lost any more */

    if (options->plot != NULL && epochs_ended(job->history) > 0 &&
        cli_plot(job->history, options->history, options->plot) != EXIT_SUCCESS)
        result = EXIT_FAILURE;
    if (result == EXIT_SUCCESS && job->test != NULL)
        result = cli_print_evaluation(job->model, job->test, "test_");
    return result;
}

/* Lets layers of a new model learn from the rows that it will be trained on. */
static int adapt(const struct job *job, const train_options *options)
{
    const nn_dataset *data = job->rest != NULL ? job->rest : job->data;
    const size_t rows = nn_dataset_rows(data);
    const size_t kept = (size_t)((double)rows * (1 - options->validation_split));
    nn_dataset *part;
    if (nn_dataset_slice(&part, data, 0, kept > 0 ? kept : rows) != NN_OK)
        return cli_fail_library();
    nn_status status = nn_model_adapt(job->model, NULL, part);
    nn_dataset_free(part);
    return status == NN_OK ? EXIT_SUCCESS : cli_fail_library();
}

/* Finds the fastest plan for the steps that fit will take. */
static int measure(const struct job *job, const train_options *options)
{
    size_t rows = nn_dataset_rows(job->rest != NULL ? job->rest : job->data);
    rows = (size_t)((double)rows * (1 - options->validation_split));
    if (nn_model_measure(job->model,
                         rows > 0 && rows < options->batch_size ? rows : options->batch_size) !=
        NN_OK)
        return cli_fail_library();
    return options->quiet ? EXIT_SUCCESS : cli_print_plan(job->model);
}

int cli_train(int argc, char **argv)
{
    train_options options;
    struct job job = {0};
    int result = train_options_parse(&options, argc, argv);
    if (result == EXIT_SUCCESS)
        result = check_outputs(&options);
    if (result == EXIT_SUCCESS)
        result = load_data(&job, &options);
    if (result == EXIT_SUCCESS)
        result = make_model(&job, &options);
    if (result == EXIT_SUCCESS && !options.quiet)
        result = cli_print_summary(job.model);
    if (result == EXIT_SUCCESS && !options.quiet && options.output == NULL)
        cli_note("the model won't be saved: no --output is given");
    if (result == EXIT_SUCCESS && options.model == NULL)
        result = adapt(&job, &options);
    if (result == EXIT_SUCCESS && options.measure)
        result = measure(&job, &options);
    if (result == EXIT_SUCCESS) {
        cli_stop_catch(); /* until here a signal loses nothing */
        result = train(&job, &options);
    }
    free_job(&job);
    train_options_free(&options);
    return result;
}
