/* What the cross-entropies can be told, as losses and as metrics; these leave common alone. */
#ifndef NN_LOSSES_CROSSENTROPY_H
#define NN_LOSSES_CROSSENTROPY_H

#include "loss.h"

struct nn_binary_crossentropy {
    nn_loss_options common;
    bool from_logits;
    double label_smoothing;
};

/* Of categorical_crossentropy and sparse_categorical_crossentropy. */
struct nn_crossentropy {
    nn_loss_options common;
    bool from_logits;
    double label_smoothing;           /* 0 for labels, where Keras has no such option */
    nn_optional_integer ignore_class; /* for labels alone */
};

extern const nn_option nn_binary_crossentropy_options[];
extern const nn_option nn_categorical_crossentropy_options[];
extern const nn_option nn_sparse_categorical_crossentropy_options[];

#endif
