/* What the tests of training share: small models, a problem that can be learnt, and weights to compare. */
#ifndef NN_TESTS_FITTING_H
#define NN_TESTS_FITTING_H

#include "nn.h"
#include "suite.h"
#include <stdbool.h>

/* A model of layers separated by ";". With a loss it is compiled. */
nn_model *make_model(uint64_t seed, const char *layers, const char *optimizer, const char *loss,
                     const char *metrics);

/* Options that every optimizer takes, in sets that name them all between them; ended by NULL. */
extern const char *const common_options[];

/* What the model is like that an optimizer of that spec can train. */
typedef enum kind_of_model {
    ANY_MODEL,
    NO_DROPOUT,  /* it works on whole data */
    LINEAR_MODEL /* one dense layer, and mean_squared_error */
} kind_of_model;
kind_of_model trains(const char *optimizer);

/* Whether the optimizer takes that one of the common options. If it doesn't, because it works on whole data, the
 * refusal is checked. */
bool takes(const char *optimizer, const char *common);

/* All weights of a model in one run; free() it. */
float *weights_of(const nn_model *model, size_t *count);

/* The same weights bit for bit. */
bool same_weights(const nn_model *a, const nn_model *b);
bool has_weights(const nn_model *model, const float *weights);

/* A number in [-1, 1) for every index: the same everywhere. */
float noise(size_t index);

enum { BLOB_ROWS = 90, BLOB_CLASSES = 3 };

/* Three clouds of points in a plane, around (2, 0), (-1, 1.7) and (-1, -1.7), none within 0.7 of
 * another. Row i is of class i % 3. */
typedef struct blobs {
    float x[BLOB_ROWS][2];
    int32_t label[BLOB_ROWS];
    float one_hot[BLOB_ROWS][BLOB_CLASSES];
} blobs;
void fill_blobs(blobs *points);

nn_dataset *blob_dataset(const blobs *points); /* with labels */

/* dense 8 tanh; dense 3 softmax on the blobs, by sgd with momentum, metric accuracy */
nn_model *blob_model(uint64_t seed);

nn_dataset *slice_of(const nn_dataset *whole, size_t first, size_t count);

/* The defaults with these. */
nn_fit_options callback_options(size_t epochs, size_t batch_size, nn_event_function callback,
                                void *user);

/* How many epochs a history holds; the last value of a column in one of so many epochs. */
size_t epochs_in(const nn_history *history);
double last_of(const nn_history *history, const char *name, size_t epochs);

#endif
