/* A small model that many tests of models use, with a hidden layer and dropout. */
#ifndef NN_TESTS_SMALL_MODEL_H
#define NN_TESTS_SMALL_MODEL_H

#include "suite.h"

/* layers: specs, ended by NULL; not compiled */
nn_model *model_of(uint64_t seed, const char *const *layers);

enum { SMALL_INPUTS = 6, SMALL_OUTPUTS = 4, SMALL_WEIGHTS = 6 * 7 + 7 + 7 * 4 + 4 };

extern const char *const small_layers[]; /* (3, 2) -> flatten -> dense 7 -> dropout -> dense 4 */
extern const char small_optimizer[];
extern const char small_loss[];

nn_model *make_small(uint64_t seed); /* compiled, with accuracy */

/* count numbers in [-1, 1); free() them. */
float *make_inputs(size_t count);

/* All weights, one after another; none has more than two dimensions. */
void get_all_weights(const nn_model *model, float *values);

#endif
