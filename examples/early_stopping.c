/*
 * The main job (examples/fashion_mnist.c) with what has been learned about training since: adam in place of plain
 * gradient descent, dropout against overfitting, and early stopping in place of a number of epochs.
 *
 *     early_stopping [--data DIR] [--output DIR]
 *
 * Dropout leaves out a part of the neurons at random in each step, so that none can rely on another (Srivastava et
 * al. 2014). Early stopping watches the accuracy on rows that aren't trained on. When that hasn't risen for a few
 * epochs the network only learns the training rows by heart, and training ends with the weights of the best
 * epoch. The learning rate falls as training goes on, so that the last steps settle. Rates and decay were chosen
 * by the validation accuracy of a few settings, so the test rows are new to all of it.
 */
#include "example.h"
#include "fashion_data.h"

#include <math.h>
#include <stdlib.h>

enum { VALIDATION = 5000, EPOCHS = 30, BATCH = 256 };

static const double smallest_accuracy = 0.89;

static const char *const layers[] = {
    "rescaling scale=0.00392156862745098 input_shape=(28,28)",
    "flatten",
    "dense units=300 activation=relu kernel_initializer=he_uniform",
    "dropout rate=0.2",
    "dense units=100 activation=relu kernel_initializer=he_uniform",
    "dropout rate=0.2",
    "dense units=10 activation=softmax",
    NULL,
};

static const char optimizer[] = "adam learning_rate=exponential_decay("
                                "initial_learning_rate=0.002, decay_steps=215, decay_rate=0.92)";

/* The end of each epoch comes here. best is the epoch with the highest validation accuracy, the first of several. */
struct watch {
    size_t epochs;
    size_t best;
    double accuracy;
};

static nn_status after_epoch(const nn_event *event, void *user)
{
    struct watch *watch = user;
    if (event->kind != NN_EVENT_EPOCH_END)
        return NN_OK;
    for (size_t i = 0; i < event->count; i++)
        printf("%s%s %.4f", i == 0 ? "" : ", ", event->names[i], event->values[i]);
    watch->epochs++;
    const double accuracy = event->values[3]; /* loss, accuracy, val_loss, val_accuracy */
    if (accuracy > watch->accuracy) {
        watch->best = watch->epochs;
        watch->accuracy = accuracy;
    }
    printf("%s\n", watch->best == watch->epochs ? "  *" : "");
    return NN_OK;
}

static int draw(const char *directory, const nn_history *history, size_t best)
{
    static const char *const names[] = {"loss", "val_loss", "accuracy", "val_accuracy"};
    const double *values[4];
    size_t epochs;
    for (size_t i = 0; i < 4; i++)
        TRY(nn_history_get(history, names[i], &values[i], &epochs));
    FILE *script = picture_begin(directory, "early_stopping", 1200, 540);
    if (script == NULL)
        return 0;
    fputs("$epochs << end\n", script);
    for (size_t i = 0; i < epochs; i++)
        fprintf(script, "%zu %.5f %.5f %.5f %.5f\n", i + 1, values[0][i], values[1][i],
                values[2][i], values[3][i]);
    fprintf(script,
            "end\n"
            "set multiplot layout 1,2 title 'Fashion-MNIST: adam, dropout and early stopping'\n"
            "set arrow 1 from %zu,graph 0 to %zu,graph 1 nohead ls 4 dt 2\n"
            "set xlabel 'epoch'\nset ylabel 'loss (cross-entropy)'\nset key top right\n"
            "plot $epochs using 1:2 with lines ls 1 title 'training, with dropout', \\\n"
            "     '' using 1:3 with lines ls 2 title 'validation', \\\n"
            "     NaN with lines ls 4 dt 2 title 'the weights that are kept'\n"
            "set ylabel 'accuracy'\nset key bottom right\n"
            "plot $epochs using 1:4 with lines ls 1 title 'training, with dropout', \\\n"
            "     '' using 1:5 with lines ls 2 title 'validation'\n"
            "unset multiplot\n",
            best, best);
    return picture_end(script, directory, "early_stopping");
}

static int train(const struct arguments *arguments, nn_model *model, const nn_dataset *training,
                 const nn_dataset *validation, const nn_dataset *test, nn_history **history)
{
    struct watch watch = {0};
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = EPOCHS;
    options.batch_size = BATCH;
    options.validation_data = validation;
    options.callbacks = "early_stopping monitor=val_accuracy patience=5 restore_best_weights=true";
    options.callback = after_epoch;
    options.callback_user = &watch;
    TRY(nn_model_compile(model, optimizer, "sparse_categorical_crossentropy", "accuracy"));
    const double start = seconds_now();
    TRY(nn_fit(model, training, &options, history)); /* NN_STOPPED, where it was stopped */
    const double seconds = seconds_now() - start;

    double kept[2];
    double measured[2];
    TRY(nn_evaluate(model, validation, kept, 2));
    TRY(nn_evaluate(model, test, measured, 2));
    printf("\n%zu epochs in %.1f s; the weights are those of epoch %zu\n"
           "validation accuracy %.4f, test accuracy %.4f\n",
           watch.epochs, seconds, watch.best, kept[1], measured[1]);
    EXPECT(fabs(kept[1] - watch.accuracy) < 1e-6); /* the best epoch's, not the last one's */
    EXPECT(measured[1] >= smallest_accuracy);
    return arguments->output == NULL || draw(arguments->output, *history, watch.best);
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, FASHION_MNIST);
    nn_dataset *whole = NULL;
    nn_dataset *training = NULL;
    nn_dataset *validation = NULL;
    nn_dataset *test = NULL;
    nn_model *model = NULL;
    nn_history *history = NULL;
    int done = load_fashion_mnist(&whole, &test, arguments.data) && make_model(&model, 1, layers);
    if (done &&
        (nn_dataset_slice(&validation, whole, 0, VALIDATION) < 0 ||
         nn_dataset_slice(&training, whole, VALIDATION, nn_dataset_rows(whole) - VALIDATION) < 0)) {
        fprintf(stderr, "%s\n", nn_error_message());
        done = 0;
    }
    done = done && train(&arguments, model, training, validation, test, &history);
    nn_history_free(history);
    nn_model_free(model);
    nn_dataset_free(training);
    nn_dataset_free(validation);
    nn_dataset_free(test);
    nn_dataset_free(whole);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
