/*
 * Layers without an activation add nothing: a network of linear hidden layers and a sigmoid output is
 * logistic regression.
 *
 *     logistic_regression [--data iris.csv]
 *
 * Its output is sigmoid(((x W1 + b1) W2 + b2) W3 + b3) = sigmoid(x W + b) with W = W1 W2 W3: whatever the hidden
 * layers learn, the product is one matrix, here a vector of four weights. It is what makes hidden layers need
 * activations (examples/xor.c).
 *
 * The network tells iris virginica from versicolor by the four standardized measurements. The product of its
 * matrices must come to the coefficients of scikit-learn's LogisticRegression without a penalty, the
 * maximum of the likelihood, which is unique for these data (no plane parts the two species).
 * scikit-learn gets there by Newton's method. Gradient descent comes near: float carries 7 digits, and the
 * bowl is 50 times flatter along one direction than along another, so what is asked for is a
 * difference of at most 0.0001 of the largest coefficient.
 */
#include "example.h"
#include "iris.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 2 * IRISES_OF_SPECIES, WIDTH = MEASUREMENTS, LAYERS = 3, EPOCHS = 4000 };

static const char *const layers[] = {"dense units=4 input_shape=(4)", "dense units=4",
                                     "dense units=1 activation=sigmoid", NULL};

/* scikit-learn 1.9: LogisticRegression(C=inf, solver=newton-cholesky, tol=1e-12), coef_, then intercept_; made
 * by tests/golden/make_examples.py */
static const double sklearn[WIDTH + 1] = {-1.6258425841235429, -2.211928670177911,
                                          7.7456770106179285, 7.728439110646381,
                                          -0.3543920526740365};
static const double largest_difference = 1e-4; /* of the largest coefficient */

/* product = (W, b) of all layers: row i is how input i gets through, the last row is the bias. */
static int multiply_layers(const nn_model *model, double product[WIDTH + 1])
{
    static const char *const kernels[LAYERS] = {"dense/kernel", "dense_1/kernel", "dense_2/kernel"};
    static const char *const biases[LAYERS] = {"dense/bias", "dense_1/bias", "dense_2/bias"};
    double so_far[WIDTH + 1][WIDTH] = {{0}};
    for (size_t i = 0; i < WIDTH; i++)
        so_far[i][i] = 1; /* before the first layer: every input is itself, without a bias */
    for (size_t layer = 0; layer < LAYERS; layer++) {
        const size_t units = layer + 1 < LAYERS ? WIDTH : 1;
        float kernel[WIDTH * WIDTH];
        float bias[WIDTH];
        TRY(nn_model_get_weights(model, kernels[layer], kernel, WIDTH * units));
        TRY(nn_model_get_weights(model, biases[layer], bias, units));
        for (size_t i = 0; i <= WIDTH; i++) {
            double row[WIDTH] = {0};
            for (size_t j = 0; j < WIDTH; j++)
                for (size_t k = 0; k < units; k++)
                    row[k] += so_far[i][j] * (double)kernel[j * units + k];
            for (size_t k = 0; k < units; k++)
                so_far[i][k] = row[k] + (i == WIDTH ? (double)bias[k] : 0);
        }
    }
    for (size_t i = 0; i <= WIDTH; i++)
        product[i] = so_far[i][0];
    return 1;
}

static int train(nn_model *model, const nn_dataset *data, double product[WIDTH + 1],
                 double *accuracy)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = EPOCHS;
    options.batch_size = ROWS;
    double measured[2];
    TRY(nn_model_compile(model, "sgd learning_rate=0.1 momentum=0.9 nesterov=true",
                         "binary_crossentropy", "binary_accuracy"));
    TRY(nn_fit(model, data, &options, NULL));
    TRY(nn_evaluate(model, data, measured, 2));
    printf("after %d epochs: cross-entropy %.6f, accuracy %.2f\n\n", EPOCHS, measured[0],
           measured[1]);
    *accuracy = measured[1];
    return multiply_layers(model, product);
}

static int compare(const struct arguments *arguments)
{
    static const char *const names[] = {"sepal length", "sepal width", "petal length",
                                        "petal width", "bias"};
    static struct iris iris;
    double mean;
    double deviation;
    double product[WIDTH + 1];
    double accuracy;
    if (!read_iris(&iris, arguments->data))
        return 0;
    float(*const x)[MEASUREMENTS] = &iris.x[IRISES_OF_SPECIES]; /* setosa comes first */
    float is_virginica[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        is_virginica[i] = iris.species[IRISES_OF_SPECIES + i] == VIRGINICA;
    for (size_t j = 0; j < WIDTH; j++)
        standardize(&x[0][j], ROWS, MEASUREMENTS, &mean, &deviation);

    nn_dataset *data = NULL;
    nn_model *model = NULL;
    TRY(nn_dataset_from_arrays(&data, ROWS, x, NN_FLOAT32, WIDTH, is_virginica, NN_FLOAT32, 1));
    const int done = make_model(&model, 1, layers) && train(model, data, product, &accuracy);
    nn_model_free(model);
    nn_dataset_free(data);
    if (!done)
        return 0;

    double largest = 0;
    double scale = 0;
    printf("                W1 W2 W3   scikit-learn\n");
    for (size_t i = 0; i <= WIDTH; i++) {
        printf("%-12s  %10.5f  %13.5f\n", names[i], product[i], sklearn[i]);
        largest = fmax(largest, fabs(product[i] - sklearn[i]));
        scale = fmax(scale, fabs(sklearn[i]));
    }
    printf("largest difference, relative to the largest coefficient: %.1e\n", largest / scale);
    EXPECT(largest <= largest_difference * scale);
    EXPECT(fabs(accuracy - 0.98) < 1e-9); /* as scikit-learn's: 98 of 100 */
    return 1;
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, IRIS_CSV);
    return compare(&arguments) ? EXIT_SUCCESS : EXIT_FAILURE;
}
