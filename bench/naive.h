/* The reference of bench-naive: one training step of a dense net in plain C, with its matrix products
 * behind a table, so that the same step runs on textbook loops, on loops in a better order and on
 * cblas_sgemm. relu within, softmax with sparse categorical crossentropy at the end, plain SGD. */
#ifndef NN_BENCH_NAIVE_H
#define NN_BENCH_NAIVE_H

#include <stddef.h>
#include <stdint.h>

#define NAIVE_MAX_LAYERS 16

struct naive_layer {
    size_t inputs, outputs;
    float *kernel;          /* [inputs][outputs] */
    float *bias;            /* [outputs] */
    float *kernel_gradient; /* [inputs][outputs] */
    float *bias_gradient;   /* [outputs] */
    float *output;          /* [batch][outputs], after the activation */
    float *delta;           /* [batch][outputs], the loss's derivative before the activation */
};

struct naive_net {
    size_t batch, layer_count;
    struct naive_layer layers[NAIVE_MAX_LAYERS];
};

/* The three products of a dense layer; each overwrites its last argument. */
struct naive_products {
    /* y[batch][outputs] = x[batch][inputs] kernel[inputs][outputs] */
    void (*forward)(size_t batch, size_t inputs, size_t outputs, const float *x,
                    const float *kernel, float *y);
    /* gradient[inputs][outputs] = x[batch][inputs]^T delta[batch][outputs] */
    void (*kernel_gradient)(size_t batch, size_t inputs, size_t outputs, const float *x,
                            const float *delta, float *gradient);
    /* dx[batch][inputs] = delta[batch][outputs] kernel[inputs][outputs]^T */
    void (*input_gradient)(size_t batch, size_t inputs, size_t outputs, const float *delta,
                           const float *kernel, float *dx);
};

extern const struct naive_products naive_textbook; /* row, column, sum: as the formula is written */
extern const struct naive_products naive_ordered;  /* innermost loops run along memory */
extern const struct naive_products naive_cblas;    /* cblas_sgemm */

/* Makes the net of widths[count]: inputs first, classes last; all values are 0. Returns 0, or -1 when
 * memory runs out; free the net in either case. */
int naive_net_create(struct naive_net *net, size_t batch, const size_t *widths, size_t count);
void naive_net_free(struct naive_net *net);

/* One step on x[batch][inputs] and labels[batch]. Returns the mean loss before the step. */
double naive_step(struct naive_net *net, const struct naive_products *products, const float *x,
                  const int32_t *labels, float learning_rate);

/* How near the hidden units come to relu's kink on x[batch][inputs]: the smallest absolute value before
 * the activation, and the row where it is; FLT_MAX without hidden units. */
double naive_nearest_kink(struct naive_net *net, const float *x, size_t *row);

/* The products of such a step and nothing else. The deltas of the last layer are taken as they are. */
void naive_step_products(struct naive_net *net, const struct naive_products *products,
                         const float *x);

/* The forward products alone. Returns the last layer's. */
const float *naive_forward_products(struct naive_net *net, const struct naive_products *products,
                                    const float *x);

/* Floating-point operations of a step's products: 2 m n k each. */
double naive_step_flops(const struct naive_net *net);

#endif
