/*
 * A network without a hidden layer and without an activation is linear regression.
 *
 *     linear_regression [--data iris.csv] [--output DIR]
 *
 * It predicts the width of an iris's petal from its three other measurements. The mean squared error of y = x W + b
 * has one minimum, which needs no training: it is the solution of a least-squares problem, which LAPACK finds
 * by a QR decomposition. Gradient descent must come to the same weights, for the loss is a bowl and there
 * is nothing else to slide into.
 *
 * The inputs are standardized. Unscaled, the bowl is a long narrow valley (its widths differ as the eigenvalues
 * of x^T x do, by a factor of thousands) and gradient descent needs that many times longer.
 */
#include "example.h"
#include "iris.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>

enum { INPUTS = 3, COEFFICIENTS = INPUTS + 1, EPOCHS = 2000 };

static const char *const layers[] = {"dense units=1 input_shape=(3)", NULL};

/* Solves min |A c - y| for A = (x, 1): c = the weights, then the bias. */
static int least_squares(float x[IRISES][INPUTS], const float y[IRISES], double c[COEFFICIENTS])
{
    static double a[IRISES][COEFFICIENTS];
    static double b[IRISES];
    for (size_t i = 0; i < IRISES; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            a[i][j] = (double)x[i][j];
        a[i][INPUTS] = 1;
        b[i] = (double)y[i];
    }
    const lapack_int info =
        LAPACKE_dgels(LAPACK_ROW_MAJOR, 'N', IRISES, COEFFICIENTS, 1, a[0], COEFFICIENTS, b, 1);
    if (info != 0) {
        fprintf(stderr, "LAPACKE_dgels failed: %d\n", (int)info);
        return 0;
    }
    for (size_t j = 0; j < COEFFICIENTS; j++)
        c[j] = b[j];
    return 1;
}

/* Full batches: then the gradient is the loss's own, and it ends at 0. */
static int train(nn_model *model, const nn_dataset *data, float weights[COEFFICIENTS])
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = EPOCHS;
    options.batch_size = IRISES;
    double measured[2];
    TRY(nn_model_compile(model, "sgd learning_rate=0.2", "mean_squared_error", "r2_score"));
    TRY(nn_fit(model, data, &options, NULL));
    TRY(nn_evaluate(model, data, measured, 2));
    TRY(nn_model_get_weights(model, "dense/kernel", weights, INPUTS));
    TRY(nn_model_get_weights(model, "dense/bias", &weights[INPUTS], 1));
    printf("after %d epochs: mean squared error %.5f cm^2, R^2 %.4f\n\n", EPOCHS, measured[0],
           measured[1]);
    return 1;
}

static int learn(float x[IRISES][INPUTS], const float y[IRISES], float weights[COEFFICIENTS])
{
    nn_dataset *data = NULL;
    nn_model *model = NULL;
    TRY(nn_dataset_from_arrays(&data, IRISES, x, NN_FLOAT32, INPUTS, y, NN_FLOAT32, 1));
    const int done = make_model(&model, 1, layers) && train(model, data, weights);
    nn_model_free(model);
    nn_dataset_free(data);
    return done;
}

static int draw(const char *directory, float x[IRISES][INPUTS], const float y[IRISES],
                const float weights[COEFFICIENTS])
{
    FILE *script = picture_begin(directory, "linear_regression", 700, 640);
    if (script == NULL)
        return 0;
    fputs("set title 'Linear regression: the width of petals'\n"
          "set xlabel 'predicted (cm)'\nset ylabel 'measured (cm)'\nset size ratio -1\n"
          "unset key\nset xrange [-0.3:2.8]\nset yrange [0:2.7]\n$points << end\n",
          script);
    for (size_t i = 0; i < IRISES; i++) {
        float predicted = weights[INPUTS];
        for (size_t j = 0; j < INPUTS; j++)
            predicted += weights[j] * x[i][j];
        fprintf(script, "%.4f %.1f\n", (double)predicted, (double)y[i]);
    }
    fputs("end\nplot x with lines ls 4, $points with points ls 1\n", script);
    return picture_end(script, directory, "linear_regression");
}

static int compare(const struct arguments *arguments)
{
    static const char *const names[] = {"sepal length", "sepal width", "petal length", "1"};
    static struct iris iris;
    static float x[IRISES][INPUTS];
    static float y[IRISES];
    double mean[INPUTS];
    double deviation[INPUTS];
    double exact[COEFFICIENTS];
    float weights[COEFFICIENTS];
    if (!read_iris(&iris, arguments->data))
        return 0;
    for (size_t i = 0; i < IRISES; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            x[i][j] = iris.x[i][j];
        y[i] = iris.x[i][PETAL_WIDTH];
    }
    for (size_t j = 0; j < INPUTS; j++)
        standardize(&x[0][j], IRISES, INPUTS, &mean[j], &deviation[j]);
    if (!learn(x, y, weights) || !least_squares(x, y, exact))
        return 0;

    double largest = 0;
    double bias = exact[INPUTS];
    printf("petal width =      network   least squares   (of standardized measurements)\n");
    for (size_t j = 0; j < COEFFICIENTS; j++) {
        printf("  %-12s  %11.6f  %14.6f\n", names[j], (double)weights[j], exact[j]);
        largest = fmax(largest, fabs((double)weights[j] - exact[j]));
        if (j < INPUTS)
            bias -= exact[j] * mean[j] / deviation[j];
    }
    printf("largest difference: %.1e\n\nIn cm: petal width = %.3f", largest, bias);
    for (size_t j = 0; j < INPUTS; j++)
        printf(" %+.3f %s", exact[j] / deviation[j], names[j]);
    printf("\n");
    EXPECT(largest <= 1e-4);
    return arguments->output == NULL || draw(arguments->output, x, y, weights);
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, IRIS_CSV);
    return compare(&arguments) ? EXIT_SUCCESS : EXIT_FAILURE;
}
