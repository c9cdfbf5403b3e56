/*
 * A network of 1,000 layers that learns.
 *
 *     thousand_layers [--data DIR] [--output DIR]
 *
 * Plain layers, one on top of the other, don't learn: even with He's initialization, which keeps the gradients in size
 * on average, what reaches the end of a thousand narrow layers hardly depends on the picture any more. It takes
 *
 *   residual links   x + f(x): each block adds to what passes by, and the gradient passes by as well (He et al. 2016)
 *
 * and something that keeps the sum in bounds, for each of 499 blocks of He's size triples its variance:
 *
 *   initialization   the last kernel of each block begins at 0, so that the network begins as a shallow one and
 *                    the blocks come in as they learn something (Goyal et al. 2017; Zhang et al. 2019)
 *   normalization    before each block, so that what it reads keeps its scale however much was added (Ba et al.
 *                    2016; before the block: Xiong et al. 2020)
 *
 * Either is enough, as the first runs show over a part of the rows; the last run has both and trains on all of
 * Fashion-MNIST, for two epochs. The network has 1 + 499 x 2 + 1 = 1,000 layers with kernels, 32 wide. To show that the
 * blocks do the work, and not the shallow network that it began as, they are switched off afterwards, and the accuracy
 * falls.
 */
#include "example.h"
#include "fashion_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 499, WIDTH = 32, KERNELS = 2 * BLOCKS + 2, BATCH = 128, EPOCHS = 2 };
enum { FEW_ROWS = 12800 };

static const double smallest_accuracy = 0.80;

struct design {
    const char *name;
    int residual;
    int zeros; /* the last kernel of a block begins at 0, else at He's size */
    int normalized;
};

/* Block k reads x_k and gives x_k+1: x + W2 relu(W1 x + b1) + b2, where the x within the
 * relu may be normalized. */
static int add_block(nn_model *model, const struct design *design, int k)
{
    char layers[4][128];
    snprintf(layers[0], sizeof layers[0], "%s name=read_%d",
             design->normalized ? "layer_normalization" : "activation activation=linear", k);
    snprintf(layers[1], sizeof layers[1],
             "dense units=32 activation=relu kernel_initializer=he_normal name=inner_%d", k);
    snprintf(layers[2], sizeof layers[2], "dense units=32 kernel_initializer=%s name=outer_%d",
             design->zeros ? "zeros" : "he_normal", k);
    snprintf(layers[3], sizeof layers[3], "add inputs=(x_%d, outer_%d) name=x_%d", k, k, k + 1);
    for (size_t i = 0; i < 4; i++)
        TRY(nn_model_add(model, layers[i]));
    return 1;
}

static int add_plain_layers(nn_model *model)
{
    for (int k = 0; k < 2 * BLOCKS; k++)
        TRY(nn_model_add(model, "dense units=32 activation=relu kernel_initializer=he_normal"));
    return 1;
}

static int build(nn_model *model, const struct design *design)
{
    TRY(nn_model_set_seed(model, 1));
    TRY(nn_model_add(model, "rescaling scale=0.00392156862745098 input_shape=(28,28)"));
    TRY(nn_model_add(model, "flatten"));
    TRY(nn_model_add(model, "dense units=32 name=x_0"));
    if (!design->residual && !add_plain_layers(model))
        return 0;
    for (int k = 0; design->residual && k < BLOCKS; k++)
        if (!add_block(model, design, k))
            return 0;
    if (design->normalized)
        TRY(nn_model_add(model, "layer_normalization"));
    TRY(nn_model_add(model, "dense units=10 activation=softmax"));
    TRY(nn_model_compile(
        model, "adam learning_rate=cosine_decay(initial_learning_rate=0.0003, decay_steps=938)",
        "sparse_categorical_crossentropy", "accuracy"));
    return 1;
}

static size_t count_kernels(const nn_model *model)
{
    size_t kernels = 0;
    for (size_t i = 0; i < nn_model_weight_count(model); i++)
        kernels += strstr(nn_model_weight_name(model, i), "/kernel") != NULL;
    return kernels;
}

/* Trains, and measures the accuracy on the test rows: 0 for one whose outputs aren't finite. */
static int fit(nn_model *model, const char *name, const nn_dataset *training,
               const nn_dataset *test, size_t epochs, double *accuracy)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = epochs;
    options.batch_size = BATCH;
    double measured[2] = {0, 0};
    const double start = seconds_now();
    const nn_status status = nn_fit(model, training, &options, NULL);
    if (status == NN_ERR_NONFINITE) {
        printf("%-44s  not finite\n", name);
    } else {
        TRY(status);
        TRY(nn_evaluate(model, test, measured, 2));
        printf("%-44s  %10.4f  %6.1f s\n", name, measured[1], seconds_now() - start);
    }
    *accuracy = measured[1];
    return 1;
}

/* A design on a part of the rows. */
static int try_design(const struct design *design, const nn_dataset *few, const nn_dataset *test,
                      double *accuracy)
{
    nn_model *model;
    TRY(nn_model_create(&model));
    const int done = build(model, design) && fit(model, design->name, few, test, 1, accuracy);
    nn_model_free(model);
    return done;
}

/* Sets the last kernel and bias of every block back to 0, where the kernel began. norms are what the kernels
 * were; a block that has learned nothing still has 0. */
static int switch_blocks_off(nn_model *model, double norms[BLOCKS])
{
    static const float zeros[WIDTH * WIDTH];
    float kernel[WIDTH * WIDTH];
    char name[32];
    for (int k = 0; k < BLOCKS; k++) {
        double squares = 0;
        snprintf(name, sizeof name, "outer_%d/kernel", k);
        TRY(nn_model_get_weights(model, name, kernel, WIDTH * WIDTH));
        TRY(nn_model_set_weights(model, name, zeros, WIDTH * WIDTH));
        for (size_t i = 0; i < WIDTH * WIDTH; i++)
            squares += (double)kernel[i] * (double)kernel[i];
        norms[k] = sqrt(squares);
        snprintf(name, sizeof name, "outer_%d/bias", k);
        TRY(nn_model_set_weights(model, name, zeros, WIDTH));
    }
    return 1;
}

static int draw(const char *directory, const double norms[BLOCKS])
{
    FILE *script = picture_begin(directory, "thousand_layers", 900, 500);
    if (script == NULL)
        return 0;
    fputs("$norms << end\n", script);
    for (int k = 0; k < BLOCKS; k++)
        fprintf(script, "%d %.6f\n", k + 1, norms[k]);
    fputs("end\nset title 'What the blocks of 1,000 layers have learned'\n"
          "set xlabel 'block, from input to output'\nunset key\nset yrange [0:*]\n"
          "set ylabel 'norm of its last kernel, which began at 0'\n"
          "plot $norms with points ls 1\n",
          script);
    return picture_end(script, directory, "thousand_layers");
}

static const struct design designs[] = {
    {"plain layers", 0, 0, 0},
    {"residual blocks", 1, 0, 0},
    {"residual blocks that begin at 0", 1, 1, 0},
    {"residual blocks, normalized", 1, 0, 1},
    {"residual blocks that begin at 0, normalized", 1, 1, 1},
};
enum { DESIGNS = sizeof designs / sizeof designs[0] };

static int learn(const struct arguments *arguments, nn_model *model, const nn_dataset *training,
                 const nn_dataset *few, const nn_dataset *test)
{
    const struct design *best = &designs[DESIGNS - 1];
    double accuracies[DESIGNS];
    double accuracy;
    double measured[2];
    double norms[BLOCKS];
    if (!build(model, best))
        return 0;
    const size_t kernels = count_kernels(model);
    printf("%zu layers with kernels, %zu parameters\n\n%d rows, one epoch%35s\n", kernels,
           nn_model_parameter_count(model), (int)FEW_ROWS, "test accuracy");
    for (size_t i = 0; i < DESIGNS; i++)
        if (!try_design(&designs[i], few, test, &accuracies[i]))
            return 0;
    printf("\n%zu rows, %d epochs\n", nn_dataset_rows(training), (int)EPOCHS);
    if (!fit(model, best->name, training, test, EPOCHS, &accuracy) ||
        !switch_blocks_off(model, norms))
        return 0;
    TRY(nn_evaluate(model, test, measured, 2));
    double smallest = norms[0];
    for (int k = 1; k < BLOCKS; k++)
        smallest = fmin(smallest, norms[k]);
    printf("%-44s  %10.4f\nsmallest norm of a block's last kernel: %.4f\n",
           "the same with its blocks switched off", measured[1], smallest);
    EXPECT(kernels == KERNELS && kernels == 1000);
    EXPECT(accuracies[0] < 0.2 && accuracies[1] < 0.2);
    for (size_t i = 2; i < DESIGNS; i++)
        EXPECT(accuracies[i] > 0.4);
    EXPECT(accuracy >= smallest_accuracy);
    EXPECT(smallest > 0);
    EXPECT(measured[1] < accuracy - 0.1);
    return arguments->output == NULL || draw(arguments->output, norms);
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, FASHION_MNIST);
    nn_dataset *training = NULL;
    nn_dataset *few = NULL;
    nn_dataset *test = NULL;
    nn_model *model = NULL;
    int done = load_fashion_mnist(&training, &test, arguments.data);
    if (done &&
        (nn_dataset_slice(&few, training, 0, FEW_ROWS) < 0 || nn_model_create(&model) < 0)) {
        fprintf(stderr, "%s\n", nn_error_message());
        done = 0;
    }
    done = done && learn(&arguments, model, training, few, test);
    nn_model_free(model);
    nn_dataset_free(few);
    nn_dataset_free(training);
    nn_dataset_free(test);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
