/*
 * The perceptron: one neuron that fires where w x + b > 0, and the rule by which it learns.
 *
 *     perceptron [--data iris.csv] [--output DIR]
 *
 * Rosenblatt's rule (1958) looks at one row after the other. Where the neuron is right nothing happens;
 * where it is wrong, the row is added to the weights, or taken away from them. That is what a step of gradient
 * descent does for the loss max(0, -t y), with targets t of -1 and 1, batches of one row and a learning
 * rate of 1: its gradient by the weights is -t x where the row is wrong, and else 0.
 *
 * If a line parts the two classes, the rule finds one after finitely many mistakes (Novikoff 1962): so it does
 * for iris setosa by the length and width of the petal. If there is none, it goes on forever: so for
 * XOR, where no line has more than three of the four points on their right sides.
 *
 * scikit-learn's Perceptron follows the same rule; from the same start over the same rows it must come
 * to the same weights (tests/golden/make_examples.py).
 */
#include "example.h"
#include "iris.h"

#include <math.h>
#include <stdlib.h>

static const char *const perceptron[] = {"dense units=1 kernel_initializer=zeros input_shape=(2)",
                                         NULL};

/* The same neuron as it answers: 1 or 0. A threshold has no slope to learn by, so it takes over the weights. */
static const char *const threshold_unit[] = {"dense units=1 activation=heaviside input_shape=(2)",
                                             NULL};

enum { IRIS_EPOCHS = 20, XOR_EPOCHS = 100 };

/* scikit-learn 1.9: Perceptron(max_iter=20, tol=None, shuffle=False), coef_ and intercept_ */
static const double sklearn_kernel[2] = {-0.49999988079071045, -0.7999999672174454};
static const double sklearn_bias = 2.0;

struct line {
    float kernel[2];
    float bias;
};

/* Learns by the rule for one epoch after the other, and counts the rows that the threshold unit gets right after
 * each. best is the largest count; answers[rows] are the last. */
static int train(nn_model *model, nn_model *unit, const float *x, const float *targets, size_t rows,
                 size_t epochs, const nn_dataset *data, struct line *line, float *answers,
                 size_t *best, size_t *last)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.batch_size = 1;
    options.shuffle = 0;
    TRY(nn_model_compile(model, "sgd learning_rate=1", "perceptron", NULL));
    *best = 0;
    for (size_t epoch = 0; epoch < epochs; epoch++) {
        TRY(nn_fit(model, data, &options, NULL));
        TRY(nn_model_get_weights(model, "dense/kernel", line->kernel, 2));
        TRY(nn_model_get_weights(model, "dense/bias", &line->bias, 1));
        TRY(nn_model_set_weights(unit, "dense/kernel", line->kernel, 2));
        TRY(nn_model_set_weights(unit, "dense/bias", &line->bias, 1));
        TRY(nn_predict(unit, x, rows, answers));
        *last = 0;
        for (size_t i = 0; i < rows; i++)
            *last += answers[i] == targets[i];
        *best = *last > *best ? *last : *best;
        if (epoch < 3)
            printf("  after epoch %zu: %zu of %zu right\n", epoch + 1, *last, rows);
    }
    return 1;
}

static int learn(const float *x, const float *targets, size_t rows, size_t epochs,
                 struct line *line, size_t *best, size_t *last)
{
    static float answers[IRISES];
    nn_model *model = NULL;
    nn_model *unit = NULL;
    nn_dataset *data = NULL;
    int done = make_model(&model, 1, perceptron) && make_model(&unit, 1, threshold_unit);
    if (done && nn_dataset_from_arrays(&data, rows, x, NN_FLOAT32, 2, targets, NN_FLOAT32, 1) < 0) {
        fprintf(stderr, "%s\n", nn_error_message());
        done = 0;
    }
    done = done && train(model, unit, x, targets, rows, epochs, data, line, answers, best, last);
    nn_model_free(model);
    nn_model_free(unit);
    nn_dataset_free(data);
    return done;
}

/* The irises, and the line w x + b = 0 between them. */
static int draw(const char *directory, const struct iris *iris, const struct line *line)
{
    FILE *script = picture_begin(directory, "perceptron", 800, 600);
    if (script == NULL)
        return 0;
    fputs("set title 'A perceptron tells iris setosa from the others'\n"
          "set xlabel 'petal length (cm)'\nset ylabel 'petal width (cm)'\n"
          "set key top left\nset xrange [0:7.5]\nset yrange [0:2.8]\n"
          "$irises << end\n",
          script);
    for (size_t i = 0; i < IRISES; i++)
        fprintf(script, "%.1f %.1f\n%s", (double)iris->x[i][PETAL_LENGTH],
                (double)iris->x[i][PETAL_WIDTH], (i + 1) % IRISES_OF_SPECIES == 0 ? "\n\n" : "");
    fprintf(script,
            "end\n"
            "plot $irises index 0 with points ls 1 title 'setosa', \\\n"
            "     '' index 1 with points ls 2 title 'versicolor', \\\n"
            "     '' index 2 with points ls 3 title 'virginica', \\\n"
            "     -(%.9g * x + %.9g) / %.9g with lines ls 4 title 'what the perceptron found'\n",
            (double)line->kernel[0], (double)line->bias, (double)line->kernel[1]);
    return picture_end(script, directory, "perceptron");
}

static int learn_iris(const struct arguments *arguments)
{
    static struct iris iris;
    static float petals[IRISES][2];
    static float is_setosa[IRISES];
    struct line line;
    size_t best;
    size_t last;
    if (!read_iris(&iris, arguments->data))
        return 0;
    for (size_t i = 0; i < IRISES; i++) {
        petals[i][0] = iris.x[i][PETAL_LENGTH];
        petals[i][1] = iris.x[i][PETAL_WIDTH];
        is_setosa[i] = iris.species[i] == SETOSA;
    }
    printf("Iris setosa or not, by its petal:\n");
    if (!learn(petals[0], is_setosa, IRISES, IRIS_EPOCHS, &line, &best, &last))
        return 0;
    printf("  setosa where %.4f length %+.4f width %+.4f > 0\n", (double)line.kernel[0],
           (double)line.kernel[1], (double)line.bias);
    const double difference = fmax(fmax(fabs((double)line.kernel[0] - sklearn_kernel[0]),
                                        fabs((double)line.kernel[1] - sklearn_kernel[1])),
                                   fabs((double)line.bias - sklearn_bias));
    printf("  right: %.1f %%; largest difference from scikit-learn's weights: %.1e\n\n",
           100.0 * (double)last / IRISES, difference);
    EXPECT(last == IRISES);
    EXPECT(difference <= 1e-5);
    return arguments->output == NULL || draw(arguments->output, &iris, &line);
}

static int fail_on_xor(void)
{
    static const float x[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    static const float targets[4] = {0, 1, 1, 0};
    struct line line;
    size_t best;
    size_t last;
    printf("XOR:\n");
    if (!learn(x[0], targets, 4, XOR_EPOCHS, &line, &best, &last))
        return 0;
    printf("  right after the best of %d epochs: %.0f %%, after the last: %.0f %%\n", XOR_EPOCHS,
           25.0 * (double)best, 25.0 * (double)last);
    EXPECT(best <= 3);
    return 1;
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, IRIS_CSV);
    return learn_iris(&arguments) && fail_on_xor() ? EXIT_SUCCESS : EXIT_FAILURE;
}
