/*
 * Regression with a hidden layer on real data: how wide is an iris's petal, by its other measurements?
 *
 *     iris_regression [--data iris.csv] [--output DIR]
 *
 * Every fifth row is kept aside for validation: it is predicted but not learned from, and its error is
 * what can be expected for an iris that isn't in the table. The data lie sorted by species, so the last
 * fifth of the rows (what validation_split would take) would be virginica alone; every fifth has them all.
 * The scales of the inputs are those of the training rows: nothing of the validation rows may leak into
 * training.
 */
#include "example.h"
#include "iris.h"

#include <math.h>
#include <stdlib.h>

enum { INPUTS = 3, FOLD = 5, VALIDATION = IRISES / FOLD, TRAINING = IRISES - VALIDATION };
enum { EPOCHS = 400 };

static const double smallest_r2 = 0.92;
static const double largest_error = 0.22; /* cm, root mean square */

static const char *const layers[] = {"dense units=16 activation=tanh input_shape=(3)",
                                     "dense units=1", NULL};

/* The training rows, then the validation rows. */
struct table {
    float x[IRISES][INPUTS];
    float y[IRISES];
};

static void split(struct table *table, const struct iris *iris)
{
    size_t next[2] = {0, TRAINING};
    for (size_t i = 0; i < IRISES; i++) {
        const size_t row = next[i % FOLD == 0]++;
        for (size_t j = 0; j < INPUTS; j++)
            table->x[row][j] = iris->x[i][j];
        table->y[row] = iris->x[i][PETAL_WIDTH];
    }
    for (size_t j = 0; j < INPUTS; j++) {
        double mean;
        double deviation;
        standardize(&table->x[0][j], TRAINING, INPUTS, &mean, &deviation);
        for (size_t i = TRAINING; i < IRISES; i++)
            table->x[i][j] = (float)(((double)table->x[i][j] - mean) / deviation);
    }
}

static int draw(const char *directory, const nn_model *model, const struct table *table,
                const nn_history *history)
{
    float predicted[IRISES];
    const double *loss;
    const double *validation;
    size_t epochs;
    TRY(nn_predict(model, table->x[0], IRISES, predicted));
    TRY(nn_history_get(history, "loss", &loss, &epochs));
    TRY(nn_history_get(history, "val_loss", &validation, &epochs));
    FILE *script = picture_begin(directory, "iris_regression", 1200, 560);
    if (script == NULL)
        return 0;
    fputs("$rows << end\n", script);
    for (size_t i = 0; i < IRISES; i++)
        fprintf(script, "%s%.4f %.1f\n", i == TRAINING ? "\n\n" : "", (double)predicted[i],
                (double)table->y[i]);
    fputs("end\n$epochs << end\n", script);
    for (size_t i = 0; i < epochs; i++)
        fprintf(script, "%zu %.6f %.6f\n", i + 1, loss[i], validation[i]);
    fputs("end\nset multiplot layout 1,2 title 'The width of irises'' petals'\n"
          "set xlabel 'epoch'\nset ylabel 'mean squared error'\nset logscale xy\n"
          "plot $epochs using 1:2 with lines ls 1 title 'training', \\\n"
          "     '' using 1:3 with lines ls 2 title 'validation'\n"
          "unset logscale\nset xlabel 'predicted (cm)'\nset ylabel 'measured (cm)'\n"
          "set key top left\nset xrange [0:2.7]\nset yrange [0:2.7]\nset size ratio -1\n"
          "plot x with lines ls 4 notitle, $rows index 0 with points ls 1 title 'training', \\\n"
          "     '' index 1 with points ls 2 title 'validation'\nunset multiplot\n",
          script);
    return picture_end(script, directory, "iris_regression");
}

static int train(const struct arguments *arguments, nn_model *model, const struct table *table,
                 const nn_dataset *training, const nn_dataset *validation, nn_history **history)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = EPOCHS;
    options.batch_size = 16;
    options.validation_data = validation;
    TRY(nn_model_compile(model, "adam learning_rate=0.005", "mean_squared_error",
                         "root_mean_squared_error; r2_score"));
    TRY(nn_fit(model, training, &options, history));
    double values[2][3];
    TRY(nn_evaluate(model, training, values[0], 3));
    TRY(nn_evaluate(model, validation, values[1], 3));
    printf("petal width            rows  root mean square error      R^2\n");
    for (size_t i = 0; i < 2; i++)
        printf("  %-18s %6d  %19.3f cm  %7.4f\n", i == 0 ? "learned from" : "validation",
               i == 0 ? (int)TRAINING : (int)VALIDATION, values[i][1], values[i][2]);
    EXPECT(values[1][1] <= largest_error);
    EXPECT(values[1][2] >= smallest_r2);
    return arguments->output == NULL || draw(arguments->output, model, table, *history);
}

static int learn(const struct arguments *arguments)
{
    static struct iris iris;
    static struct table table;
    nn_dataset *whole = NULL;
    nn_dataset *training = NULL;
    nn_dataset *validation = NULL;
    nn_model *model = NULL;
    nn_history *history = NULL;
    if (!read_iris(&iris, arguments->data))
        return 0;
    split(&table, &iris);
    int done = 0;
    if (nn_dataset_from_arrays(&whole, IRISES, table.x, NN_FLOAT32, INPUTS, table.y, NN_FLOAT32,
                               1) < 0 ||
        nn_dataset_slice(&training, whole, 0, TRAINING) < 0 ||
        nn_dataset_slice(&validation, whole, TRAINING, VALIDATION) < 0)
        fprintf(stderr, "%s\n", nn_error_message());
    else
        done = make_model(&model, 1, layers) &&
               train(arguments, model, &table, training, validation, &history);
    nn_history_free(history);
    nn_model_free(model);
    nn_dataset_free(training);
    nn_dataset_free(validation);
    nn_dataset_free(whole);
    return done;
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, IRIS_CSV);
    return learn(&arguments) ? EXIT_SUCCESS : EXIT_FAILURE;
}
