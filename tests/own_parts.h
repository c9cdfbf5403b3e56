/* A caller's own parts for the tests of these, copies of built-in ones, and models that have them. */
#ifndef NN_TESTS_OWN_PARTS_H
#define NN_TESTS_OWN_PARTS_H

#include "fitting.h"
#include <stdatomic.h>

#define OWN_STATUS ((nn_status)-1234)

/* What the functions are given as user: the k-th of their calls fails with OWN_STATUS, and whenever swish sees a
 * value above 1e6. */
struct caller {
    atomic_size_t calls, fails_at; /* 0: never */
    atomic_int released;           /* how often; by my_swish alone */
};
extern struct caller caller;
void fail_at(size_t k); /* counts from 0 again */

nn_status swish(void *user, size_t rows, size_t width, const float *z, float *y);
nn_status swish_backward(void *user, size_t rows, size_t width, const float *z, const float *y,
                         const float *dy, float *dz);

extern const nn_custom_activation my_swish;   /* silu */
extern const nn_custom_activation my_leaky;   /* leaky_relu(negative_slope=0.25) */
extern const nn_custom_loss my_squares;       /* mean_squared_error */
extern const nn_custom_loss my_label_squares; /* the same of labels for one-hot rows */
extern const nn_custom_metric my_error, my_label_error;

nn_status register_all(nn_model *model);
nn_model *parts_model(void); /* a model without layers that has them */

/* Two dense layers of which the first has that activation; 2 inputs, 3 outputs. */
nn_model *two_layers(const char *activation, const char *optimizer, const char *loss,
                     const char *metrics);

/* my_swish, my_squares and my_error twice, after two epochs. */
nn_model *fitted_model(void);

/* A fixture. The datasets are of the points, with labels and with one-hot rows. */
extern blobs points;
extern nn_dataset *labelled, *valued;
void setup(void);
void teardown(void);

nn_status fit(nn_model *model, const nn_dataset *data, size_t epochs);

#endif
