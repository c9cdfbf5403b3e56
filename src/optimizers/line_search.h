/* A search along a direction for a step t > 0 that meets the strong Wolfe conditions. */
#ifndef NN_OPTIMIZERS_LINE_SEARCH_H
#define NN_OPTIMIZERS_LINE_SEARCH_H

#include "nn.h"
#include <stddef.h>

typedef struct nn_line_point {
    double step;
    double value; /* of the function there */
    double slope; /* its derivative by the step */
} nn_line_point;

typedef struct nn_line_search {
    /* Fills in value and slope at point->step. Where either isn't finite, the search comes nearer. */
    nn_status (*evaluate)(void *user, nn_line_point *point);
    void *user;
    double noise; /* how far values that ought to be the same may lie apart by rounding */
    size_t max_evaluations;
} nn_line_search;

/* From start, whose step is 0 and whose slope is below 0, with first as the step that is tried first. found
 * is a point that meets the conditions, or else the best one seen that is below start, or else start.
 * Errors: those of evaluate. */
nn_status nn_line_search_run(const nn_line_search *search, const nn_line_point *start, double first,
                             nn_line_point *found);

#endif
