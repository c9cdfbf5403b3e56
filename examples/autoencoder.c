/*
 * An autoencoder: a network that learns to give back what it is shown, through a waist of 32 values.
 *
 *     autoencoder [--data DIR] [--output DIR]
 *
 * What comes out at the waist is a code of the picture, 784 pixels in 32 numbers. Principal component analysis is the
 * best that a linear autoencoder can do (Baldi and Hornik 1989): it keeps the 32 directions in which the pictures
 * vary most. With hidden layers and activations between, the codes may lie on a curved surface, and the network
 * loses less. Both learn from the same 20,000 pictures of Fashion-MNIST, and are measured on 10,000 others;
 * the error is the mean squared difference of a pixel, from 0 to 1.
 *
 * PCA is done with LAPACK: the eigenvectors of the pictures' covariance with the largest eigenvalues.
 */
#include "example.h"
#include "fashion_data.h"

#include <cblas.h>
#include <lapacke.h>
#include <stdlib.h>

enum { TRAINING = 20000, TEST = 10000, CODES = 32, EPOCHS = 15, SHOWN = 12 };

static const char *const layers[] = {
    "dense units=256 activation=relu kernel_initializer=he_uniform input_shape=(784)",
    "dense units=32 name=code",
    "dense units=256 activation=relu kernel_initializer=he_uniform",
    "dense units=784 activation=sigmoid",
    NULL,
};

/* One allocation holds all pictures, as floats from 0 to 1. */
struct pictures {
    float (*training)[PIXELS];
    float (*test)[PIXELS];
    float (*from_pca)[PIXELS];     /* the test pictures, from 32 components */
    float (*from_network)[PIXELS]; /* and from 32 codes */
};

static int get_pictures(float (*x)[PIXELS], const nn_dataset *data, size_t rows)
{
    TRY(nn_dataset_get_values(data, "x", 0, rows, x[0]));
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < PIXELS; j++)
            x[i][j] /= 255.0F;
    return 1;
}

static int load(const char *directory, const struct pictures *pictures)
{
    nn_dataset *training = NULL;
    nn_dataset *test = NULL;
    const int done = load_fashion_mnist(&training, &test, directory) &&
                     get_pictures(pictures->training, training, TRAINING) &&
                     get_pictures(pictures->test, test, TEST);
    nn_dataset_free(training);
    nn_dataset_free(test);
    return done;
}

/* components[CODES][PIXELS] of the training pictures, and their mean. The pictures are centered in place. */
static int find_components(float (*x)[PIXELS], float mean[PIXELS], float components[CODES][PIXELS])
{
    static float covariance[PIXELS][PIXELS];
    static float eigenvalues[PIXELS];
    static lapack_int support[2 * CODES];
    static double sums[PIXELS];
    for (size_t i = 0; i < TRAINING; i++)
        for (size_t j = 0; j < PIXELS; j++)
            sums[j] += (double)x[i][j];
    for (size_t j = 0; j < PIXELS; j++)
        mean[j] = (float)(sums[j] / TRAINING);
    for (size_t i = 0; i < TRAINING; i++)
        for (size_t j = 0; j < PIXELS; j++)
            x[i][j] -= mean[j];
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, PIXELS, TRAINING, 1.0F / TRAINING, x[0],
                PIXELS, 0.0F, covariance[0], PIXELS);
    lapack_int found;
    /* The rows of a column-major result are eigenvectors, and a symmetric matrix is its own transpose: its upper half
     * by rows is the lower half by columns. Eigenvalues ascend, so the last ones are the largest. */
    const lapack_int info = LAPACKE_ssyevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', PIXELS, covariance[0],
                                           PIXELS, 0, 0, PIXELS - CODES + 1, PIXELS, 0, &found,
                                           eigenvalues, components[0], PIXELS, support);
    if (info != 0 || found != CODES) {
        fprintf(stderr, "LAPACKE_ssyevr failed: %d\n", (int)info);
        return 0;
    }
    return 1;
}

/* y = mean + (x - mean) V V^T for the test pictures */
static int reconstruct_by_pca(const struct pictures *pictures)
{
    static float mean[PIXELS];
    static float components[CODES][PIXELS];
    static float centered[TEST][PIXELS];
    static float codes[TEST][CODES];
    if (!find_components(pictures->training, mean, components))
        return 0;
    for (size_t i = 0; i < TEST; i++)
        for (size_t j = 0; j < PIXELS; j++) {
            centered[i][j] = pictures->test[i][j] - mean[j];
            pictures->from_pca[i][j] = mean[j];
        }
    for (size_t i = 0; i < TRAINING; i++) /* as they were, for the network */
        for (size_t j = 0; j < PIXELS; j++)
            pictures->training[i][j] += mean[j];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, TEST, CODES, PIXELS, 1.0F, centered[0],
                PIXELS, components[0], PIXELS, 0.0F, codes[0], CODES);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, TEST, PIXELS, CODES, 1.0F, codes[0],
                CODES, components[0], PIXELS, 1.0F, pictures->from_pca[0], PIXELS);
    return 1;
}

/* The targets are the inputs. */
static int train(nn_model *model, const struct pictures *pictures, const nn_dataset *data)
{
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = EPOCHS;
    options.batch_size = 64;
    options.verbose = 2;
    TRY(nn_model_compile(model, "adam learning_rate=0.001", "mean_squared_error", NULL));
    TRY(nn_fit(model, data, &options, NULL));
    TRY(nn_predict(model, pictures->test[0], TEST, pictures->from_network[0]));
    return 1;
}

static int reconstruct_by_network(const struct pictures *pictures)
{
    nn_dataset *data = NULL;
    nn_model *model = NULL;
    TRY(nn_dataset_from_arrays(&data, TRAINING, pictures->training, NN_FLOAT32, PIXELS,
                               pictures->training, NN_FLOAT32, PIXELS));
    const int done = make_model(&model, 1, layers) && train(model, pictures, data);
    nn_model_free(model);
    nn_dataset_free(data);
    return done;
}

static double mean_squared_error(float (*x)[PIXELS], float (*y)[PIXELS])
{
    double sum = 0;
    for (size_t i = 0; i < TEST; i++)
        for (size_t j = 0; j < PIXELS; j++) {
            const double difference = (double)x[i][j] - (double)y[i][j];
            sum += difference * difference;
        }
    return sum / ((double)TEST * PIXELS);
}

/* A row of test garments, a row of them from the network's codes, a row from PCA's. */
static int draw(const char *directory, const struct pictures *pictures)
{
    float(*const rows[])[PIXELS] = {pictures->test, pictures->from_network, pictures->from_pca};
    FILE *script = picture_begin(directory, "autoencoder", 1200, 400);
    if (script == NULL)
        return 0;
    fputs("$pixels << end\n", script);
    for (size_t y = 0; y < 3 * (size_t)SIDE; y++)
        for (size_t x = 0; x < SHOWN * (size_t)SIDE; x++)
            fprintf(script, "%.3f%c", (double)rows[y / SIDE][x / SIDE][y % SIDE * SIDE + x % SIDE],
                    x + 1 < SHOWN * (size_t)SIDE ? ' ' : '\n');
    fprintf(script,
            "end\n"
            "set title 'Test garments, and what 32 values keep of them'\n"
            "set palette defined (0 '#ffffff', 1 '#111111')\nset cbrange [0:1]\n"
            "set size ratio -1\nunset colorbox\nunset key\nunset border\nunset xtics\n"
            "set ytics scale 0 ('original' 13.5, 'autoencoder' 41.5, 'PCA' 69.5)\n"
            "set xrange [-0.5:%d.5]\nset yrange [83.5:-0.5]\n"
            "plot $pixels matrix with image\n",
            SHOWN * SIDE - 1);
    return picture_end(script, directory, "autoencoder");
}

static int compare(const struct arguments *arguments, const struct pictures *pictures)
{
    if (!load(arguments->data, pictures) || !reconstruct_by_pca(pictures) ||
        !reconstruct_by_network(pictures))
        return 0;
    const double pca = mean_squared_error(pictures->test, pictures->from_pca);
    const double network = mean_squared_error(pictures->test, pictures->from_network);
    printf("\n%d test pictures through %d values, mean squared error of a pixel:\n"
           "  principal components  %.5f\n  autoencoder           %.5f\n",
           (int)TEST, (int)CODES, pca, network);
    EXPECT(network < 0.8 * pca);
    return arguments->output == NULL || draw(arguments->output, pictures);
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv, FASHION_MNIST);
    float(*memory)[PIXELS] = malloc((TRAINING + 3 * (size_t)TEST) * sizeof memory[0]);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        return EXIT_FAILURE;
    }
    const struct pictures pictures = {memory, memory + TRAINING, memory + TRAINING + TEST,
                                      memory + TRAINING + 2 * TEST};
    const int done = compare(&arguments, &pictures);
    free(memory);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
