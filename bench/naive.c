/* Built with every flag that helps plain loops (see meson.build), so that the comparison is fair to
 * them. */
#include "naive.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- textbook loops ------------------------------------------------------------------------ */

static void textbook_forward(size_t batch, size_t inputs, size_t outputs, const float *x,
                             const float *kernel, float *y)
{
    for (size_t i = 0; i < batch; i++)
        for (size_t j = 0; j < outputs; j++) {
            float sum = 0.0f;
            for (size_t k = 0; k < inputs; k++)
                sum += x[i * inputs + k] * kernel[k * outputs + j];
            y[i * outputs + j] = sum;
        }
}

static void textbook_kernel_gradient(size_t batch, size_t inputs, size_t outputs, const float *x,
                                     const float *delta, float *gradient)
{
    for (size_t k = 0; k < inputs; k++)
        for (size_t j = 0; j < outputs; j++) {
            float sum = 0.0f;
            for (size_t i = 0; i < batch; i++)
                sum += x[i * inputs + k] * delta[i * outputs + j];
            gradient[k * outputs + j] = sum;
        }
}

/* Here the formula's own order already runs along memory; the ordered loops share it. */
static void textbook_input_gradient(size_t batch, size_t inputs, size_t outputs, const float *delta,
                                    const float *kernel, float *dx)
{
    for (size_t i = 0; i < batch; i++)
        for (size_t k = 0; k < inputs; k++) {
            float sum = 0.0f;
            for (size_t j = 0; j < outputs; j++)
                sum += delta[i * outputs + j] * kernel[k * outputs + j];
            dx[i * inputs + k] = sum;
        }
}

const struct naive_products naive_textbook = {
    textbook_forward,
    textbook_kernel_gradient,
    textbook_input_gradient,
};

/* ---- loops ordered for the vectorizer ------------------------------------------------------- */

static void ordered_forward(size_t batch, size_t inputs, size_t outputs, const float *restrict x,
                            const float *restrict kernel, float *restrict y)
{
    memset(y, 0, batch * outputs * sizeof *y);
    for (size_t i = 0; i < batch; i++)
        for (size_t k = 0; k < inputs; k++) {
            const float factor = x[i * inputs + k];
            for (size_t j = 0; j < outputs; j++)
                y[i * outputs + j] += factor * kernel[k * outputs + j];
        }
}

static void ordered_kernel_gradient(size_t batch, size_t inputs, size_t outputs,
                                    const float *restrict x, const float *restrict delta,
                                    float *restrict gradient)
{
    memset(gradient, 0, inputs * outputs * sizeof *gradient);
    for (size_t k = 0; k < inputs; k++)
        for (size_t i = 0; i < batch; i++) {
            const float factor = x[i * inputs + k];
            for (size_t j = 0; j < outputs; j++)
                gradient[k * outputs + j] += factor * delta[i * outputs + j];
        }
}

const struct naive_products naive_ordered = {
    ordered_forward,
    ordered_kernel_gradient,
    textbook_input_gradient,
};

/* ---- cblas ---------------------------------------------------------------------------------- */

static void cblas_forward(size_t batch, size_t inputs, size_t outputs, const float *x,
                          const float *kernel, float *y)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)batch, (int)outputs, (int)inputs,
                1.0f, x, (int)inputs, kernel, (int)outputs, 0.0f, y, (int)outputs);
}

static void cblas_kernel_gradient(size_t batch, size_t inputs, size_t outputs, const float *x,
                                  const float *delta, float *gradient)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)inputs, (int)outputs, (int)batch,
                1.0f, x, (int)inputs, delta, (int)outputs, 0.0f, gradient, (int)outputs);
}

static void cblas_input_gradient(size_t batch, size_t inputs, size_t outputs, const float *delta,
                                 const float *kernel, float *dx)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)batch, (int)inputs, (int)outputs,
                1.0f, delta, (int)outputs, kernel, (int)outputs, 0.0f, dx, (int)inputs);
}

const struct naive_products naive_cblas = {
    cblas_forward,
    cblas_kernel_gradient,
    cblas_input_gradient,
};

/* ---- the net -------------------------------------------------------------------------------- */

/* count zeros at a multiple of 64 bytes, as the library's own buffers are; NULL without memory. */
static float *zeros(size_t count)
{
    const size_t size = (count * sizeof(float) + 63) / 64 * 64;
    float *values = aligned_alloc(64, size);
    if (values)
        memset(values, 0, size);
    return values;
}

int naive_net_create(struct naive_net *net, size_t batch, const size_t *widths, size_t count)
{
    *net = (struct naive_net){.batch = batch, .layer_count = count - 1};
    for (size_t l = 0; l < net->layer_count; l++) {
        struct naive_layer *layer = &net->layers[l];
        layer->inputs = widths[l];
        layer->outputs = widths[l + 1];
        layer->kernel = zeros(layer->inputs * layer->outputs);
        layer->bias = zeros(layer->outputs);
        layer->kernel_gradient = zeros(layer->inputs * layer->outputs);
        layer->bias_gradient = zeros(layer->outputs);
        layer->output = zeros(batch * layer->outputs);
        layer->delta = zeros(batch * layer->outputs);
        if (!layer->kernel || !layer->bias || !layer->kernel_gradient || !layer->bias_gradient ||
            !layer->output || !layer->delta)
            return -1;
    }
    return 0;
}

void naive_net_free(struct naive_net *net)
{
    for (size_t l = 0; l < net->layer_count; l++) {
        struct naive_layer *layer = &net->layers[l];
        free(layer->kernel);
        free(layer->bias);
        free(layer->kernel_gradient);
        free(layer->bias_gradient);
        free(layer->output);
        free(layer->delta);
    }
    *net = (struct naive_net){0};
}

/* ---- one step ------------------------------------------------------------------------------- */

static void add_bias(size_t batch, const struct naive_layer *layer, int relu)
{
    for (size_t i = 0; i < batch; i++)
        for (size_t j = 0; j < layer->outputs; j++) {
            const float z = layer->output[i * layer->outputs + j] + layer->bias[j];
            layer->output[i * layer->outputs + j] = relu && z < 0.0f ? 0.0f : z;
        }
}

/* Softmax over the last layer's logits; its delta is (probability - target) / batch. Returns the
 * mean of -log(probability of the label). */
static double softmax_crossentropy(size_t batch, const struct naive_layer *last,
                                   const int32_t *labels)
{
    const size_t classes = last->outputs;
    double loss = 0.0;
    for (size_t i = 0; i < batch; i++) {
        const float *logits = last->output + i * classes;
        float *delta = last->delta + i * classes;
        const size_t label = (size_t)labels[i];
        float largest = logits[0], sum = 0.0f;
        for (size_t j = 1; j < classes; j++)
            largest = logits[j] > largest ? logits[j] : largest;
        for (size_t j = 0; j < classes; j++) {
            delta[j] = expf(logits[j] - largest);
            sum += delta[j];
        }
        for (size_t j = 0; j < classes; j++)
            delta[j] /= sum * (float)batch;
        delta[label] -= 1.0f / (float)batch;
        loss += (double)(largest - logits[label]) + log((double)sum);
    }
    return loss / (double)batch;
}

static void relu_backward(size_t count, const float *output, float *delta)
{
    for (size_t i = 0; i < count; i++)
        delta[i] = output[i] > 0.0f ? delta[i] : 0.0f;
}

static void sum_bias_gradient(size_t batch, const struct naive_layer *layer)
{
    memset(layer->bias_gradient, 0, layer->outputs * sizeof(float));
    for (size_t i = 0; i < batch; i++)
        for (size_t j = 0; j < layer->outputs; j++)
            layer->bias_gradient[j] += layer->delta[i * layer->outputs + j];
}

static void descend(size_t count, float learning_rate, const float *gradient, float *weights)
{
    for (size_t i = 0; i < count; i++)
        weights[i] -= learning_rate * gradient[i];
}

double naive_step(struct naive_net *net, const struct naive_products *products, const float *x,
                  const int32_t *labels, float learning_rate)
{
    const size_t batch = net->batch, last = net->layer_count - 1;
    const float *input = x;
    for (size_t l = 0; l <= last; l++) {
        struct naive_layer *layer = &net->layers[l];
        products->forward(batch, layer->inputs, layer->outputs, input, layer->kernel,
                          layer->output);
        add_bias(batch, layer, l < last);
        input = layer->output;
    }
    const double loss = softmax_crossentropy(batch, &net->layers[last], labels);

    for (size_t l = net->layer_count; l-- > 0;) {
        struct naive_layer *layer = &net->layers[l];
        struct naive_layer *below = l > 0 ? &net->layers[l - 1] : NULL;
        products->kernel_gradient(batch, layer->inputs, layer->outputs, below ? below->output : x,
                                  layer->delta, layer->kernel_gradient);
        sum_bias_gradient(batch, layer);
        if (below) {
            products->input_gradient(batch, layer->inputs, layer->outputs, layer->delta,
                                     layer->kernel, below->delta);
            relu_backward(batch * layer->inputs, below->output, below->delta);
        }
        descend(layer->inputs * layer->outputs, learning_rate, layer->kernel_gradient,
                layer->kernel);
        descend(layer->outputs, learning_rate, layer->bias_gradient, layer->bias);
    }
    return loss;
}

double naive_nearest_kink(struct naive_net *net, const float *x, size_t *row)
{
    const float *input = x;
    float nearest = FLT_MAX;
    *row = 0;
    for (size_t l = 0; l + 1 < net->layer_count; l++) {
        const struct naive_layer *layer = &net->layers[l];
        textbook_forward(net->batch, layer->inputs, layer->outputs, input, layer->kernel,
                         layer->output);
        add_bias(net->batch, layer, 0);
        for (size_t i = 0; i < net->batch * layer->outputs; i++) {
            if (fabsf(layer->output[i]) < nearest) {
                nearest = fabsf(layer->output[i]);
                *row = i / layer->outputs;
            }
            layer->output[i] = fmaxf(layer->output[i], 0.0f);
        }
        input = layer->output;
    }
    return (double)nearest;
}

const float *naive_forward_products(struct naive_net *net, const struct naive_products *products,
                                    const float *x)
{
    const float *input = x;
    for (size_t l = 0; l < net->layer_count; l++) {
        struct naive_layer *layer = &net->layers[l];
        products->forward(net->batch, layer->inputs, layer->outputs, input, layer->kernel,
                          layer->output);
        input = layer->output;
    }
    return input;
}

void naive_step_products(struct naive_net *net, const struct naive_products *products,
                         const float *x)
{
    naive_forward_products(net, products, x);
    for (size_t l = net->layer_count; l-- > 0;) {
        struct naive_layer *layer = &net->layers[l];
        struct naive_layer *below = l > 0 ? &net->layers[l - 1] : NULL;
        products->kernel_gradient(net->batch, layer->inputs, layer->outputs,
                                  below ? below->output : x, layer->delta, layer->kernel_gradient);
        if (below)
            products->input_gradient(net->batch, layer->inputs, layer->outputs, layer->delta,
                                     layer->kernel, below->delta);
    }
}

double naive_step_flops(const struct naive_net *net)
{
    double flops = 0.0;
    for (size_t l = 0; l < net->layer_count; l++) {
        const struct naive_layer *layer = &net->layers[l];
        const double product =
            2.0 * (double)net->batch * (double)layer->inputs * (double)layer->outputs;
        flops += product * (l > 0 ? 3.0 : 2.0); /* the data need no gradient */
    }
    return flops;
}
