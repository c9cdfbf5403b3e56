/* Options of the activations that Keras also has as layers with the same options. */
#ifndef NN_ACTIVATIONS_RECTIFIERS_H
#define NN_ACTIVATIONS_RECTIFIERS_H

#include "activation.h"

struct nn_relu {
    double negative_slope;
    nn_optional_real max_value;
    double threshold;
};

struct nn_leaky_relu {
    double negative_slope;
};

struct nn_elu {
    double alpha;
};

extern const nn_activation nn_activation_relu, nn_activation_leaky_relu, nn_activation_elu;

#endif
