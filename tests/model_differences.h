/* The gradients of whole models, as a trainer computes them, against finite differences of its loss. */
#ifndef NN_TESTS_MODEL_DIFFERENCES_H
#define NN_TESTS_MODEL_DIFFERENCES_H

#include "finite_differences.h"

/* layers: a list of specs; outputs: NULL for the last layer alone, else weighted 0.5, 1.5, 2.5, ... */
void check_graph(const char *layers, const char *outputs, const char *loss, size_t rows,
                 nn_random *random, struct tally *tally);

/* One of the texts. */
const char *pick(nn_random *random, const char *const *from, size_t count);

#endif
