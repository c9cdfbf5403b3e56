/*
 * Why deep networks of sigmoids don't learn: their gradients vanish on the way down.
 *
 *     vanishing_gradients [--data DIR] [--output DIR]
 *
 * Going back through a layer multiplies the gradient by the layer's weights and by the activation's derivative. The
 * sigmoid's is 1/4 at most, so after 30 layers about 4^-30 is left of it, and the layers near the input stand still
 * (Hochreiter 1991; Glorot and Bengio 2010). A relu's derivative is 1 for the half of the neurons that are active,
 * and He's initialization (2015) makes the weights as much larger as the other half costs: then the
 * gradient is of one size in all layers.
 *
 * The program prints the norm of the gradient by each layer's kernel before the first step, then trains both networks
 * on 20,000 pictures of Fashion-MNIST: one learns, the other answers the same for each picture.
 */
#include "example.h"
#include "fashion_data.h"

#include <math.h>
#include <stdlib.h>

enum { HIDDEN = 30, WIDTH = 64, DENSE = HIDDEN + 1, ROWS = 20000, BATCH = 256, EPOCHS = 6 };

struct network {
    const char *title;
    const char *hidden_layer;
    double norms[DENSE]; /* of the gradients by the kernels, from input to output */
    double accuracy;     /* on the test rows, after training */
};

/* The name under which the model has a layer's kernel: Keras's. */
static void kernel_name(char name[32], size_t layer)
{
    if (layer == 0)
        snprintf(name, 32, "dense/kernel");
    else
        snprintf(name, 32, "dense_%zu/kernel", layer);
}

static int measure_gradients(struct network *network, nn_model *model, const nn_dataset *data)
{
    static float gradient[PIXELS * WIDTH];
    nn_dataset *batch;
    TRY(nn_dataset_slice(&batch, data, 0, BATCH));
    const nn_status status = nn_model_compute_gradients(model, batch, NULL, 0);
    nn_dataset_free(batch);
    TRY(status);
    for (size_t i = 0; i < DENSE; i++) {
        char name[32];
        size_t shape[2];
        double squares = 0;
        kernel_name(name, i);
        if (nn_model_weight_shape(model, name, shape, 2) != 2)
            return 0;
        const size_t count = shape[0] * shape[1];
        TRY(nn_model_get_gradients(model, name, gradient, count));
        for (size_t k = 0; k < count; k++)
            squares += (double)gradient[k] * (double)gradient[k];
        network->norms[i] = sqrt(squares);
    }
    return 1;
}

static int train(struct network *network, nn_model *model, const nn_dataset *training,
                 const nn_dataset *test)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = EPOCHS;
    double measured[2];
    TRY(nn_model_compile(model, "sgd learning_rate=0.01", "sparse_categorical_crossentropy",
                         "accuracy"));
    if (!measure_gradients(network, model, training))
        return 0;
    TRY(nn_fit(model, training, &options, NULL));
    TRY(nn_evaluate(model, test, measured, 2));
    network->accuracy = measured[1];
    return 1;
}

static int try_network(struct network *network, const nn_dataset *training, const nn_dataset *test)
{
    const char *layers[HIDDEN + 4] = {"rescaling scale=0.00392156862745098 input_shape=(28,28)",
                                      "flatten"};
    for (size_t i = 0; i < HIDDEN; i++)
        layers[2 + i] = network->hidden_layer;
    layers[2 + HIDDEN] = "dense units=10 activation=softmax";
    nn_model *model = NULL;
    const int done = make_model(&model, 1, layers) && train(network, model, training, test);
    nn_model_free(model);
    return done;
}

static int draw(const char *directory, const struct network networks[2])
{
    FILE *script = picture_begin(directory, "vanishing_gradients", 900, 560);
    if (script == NULL)
        return 0;
    fputs("$norms << end\n", script);
    for (size_t i = 0; i < DENSE; i++)
        fprintf(script, "%zu %.6e %.6e\n", i + 1, networks[0].norms[i], networks[1].norms[i]);
    fprintf(script,
            "end\n"
            "set title 'Gradients before the first step, %d hidden layers'\n"
            "set xlabel 'layer, from input to output'\nset ylabel 'norm of the gradient'\n"
            "set logscale y\nset format y '10^{%%T}'\nset key bottom right\n"
            "set grid lc rgb '#dddddd' lt 1\nset xrange [0:%d]\n"
            "plot $norms using 1:2 with linespoints ls 1 title '%s' noenhanced, \\\n"
            "     '' using 1:3 with linespoints ls 2 title '%s' noenhanced\n",
            HIDDEN, DENSE + 1, networks[0].title, networks[1].title);
    return picture_end(script, directory, "vanishing_gradients");
}

static int compare(const struct arguments *arguments, const nn_dataset *training,
                   const nn_dataset *test)
{
    struct network sigmoid = {.title = "sigmoid, glorot_uniform",
                              .hidden_layer = "dense units=64 activation=sigmoid"};
    struct network relu = {.title = "relu, he_normal",
                           .hidden_layer =
                               "dense units=64 activation=relu kernel_initializer=he_normal"};
    if (!try_network(&sigmoid, training, test) || !try_network(&relu, training, test))
        return 0;
    printf("norms of the gradients before the first step\n"
           "layer  %25s  %17s\n",
           sigmoid.title, relu.title);
    for (size_t i = 0; i < DENSE; i += 5)
        printf("%5zu  %25.2e  %17.2e\n", i + 1, sigmoid.norms[i], relu.norms[i]);
    const double vanished = sigmoid.norms[0] / sigmoid.norms[DENSE - 1];
    const double kept = relu.norms[0] / relu.norms[DENSE - 1];
    printf("first / last  %18.2e  %17.2e\n"
           "test accuracy after %d epochs  %.4f  %14.4f\n",
           vanished, kept, EPOCHS, sigmoid.accuracy, relu.accuracy);
    EXPECT(vanished < 1e-12);
    EXPECT(kept > 0.1);
    EXPECT(sigmoid.accuracy < 0.15);
    EXPECT(relu.accuracy > 0.7);
    return arguments->output == NULL ||
           draw(arguments->output, (const struct network[]){sigmoid, relu});
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, FASHION_MNIST);
    nn_dataset *whole = NULL;
    nn_dataset *training = NULL;
    nn_dataset *test = NULL;
    int done = load_fashion_mnist(&whole, &test, arguments.data);
    if (done && nn_dataset_slice(&training, whole, 0, ROWS) < 0) {
        fprintf(stderr, "%s\n", nn_error_message());
        done = 0;
    }
    done = done && compare(&arguments, training, test);
    nn_dataset_free(training);
    nn_dataset_free(test);
    nn_dataset_free(whole);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
