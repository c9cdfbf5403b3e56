#include "merge.h"
#include "elementwise.h"
#include "lanes.h"
#include "status.h"
#include "vectorize.h"
#include <string.h>

/* ---- shapes ---- */

/* Dimension i, counted from the last one; 1 where there are no more. */
static size_t dimension_from_right(const nn_shape *shape, size_t i)
{
    return i < shape->rank ? shape->dimensions[shape->rank - 1 - i] : 1;
}

/* The shape that both stretch to. */
static bool stretch(const nn_shape *a, const nn_shape *b, nn_shape *stretched)
{
    nn_shape made = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (size_t i = 0; i < made.rank; i++) {
        const size_t of_a = dimension_from_right(a, i), of_b = dimension_from_right(b, i);
        if (of_a != of_b && of_a != 1 && of_b != 1)
            return false;
        made.dimensions[made.rank - 1 - i] = of_a != 1 ? of_a : of_b;
    }
    *stretched = made;
    return true;
}

nn_status nn_merge_build(const void *self, nn_layer_build *build)
{
    (void)self;
    build->output = build->input;
    for (size_t i = 1; i < build->input_count; i++)
        NN_REQUIRE(stretch(&build->output, &build->input_shapes[i], &build->output), NN_ERR_SHAPE,
                   "the inputs have shapes %s and %s, expected the same, or 1 where they differ "
                   "(compared from the right)",
                   nn_shape_string(&build->output).text,
                   nn_shape_string(&build->input_shapes[i]).text);
    return NN_OK;
}

size_t nn_merge_block(const nn_layer_call *call)
{
    for (size_t i = 0; i < call->input_count; i++)
        if (nn_merge_stretches(call, i))
            return NN_MERGE_BLOCK;
    return nn_merge_values(call);
}

/* ---- walking along an input that stretches ---- */

/* The output's dimensions, neighbours joined that the input either has both or stretches along both, and the
 * input's step along each: 0 where it stretches. The batch is the first. */
struct walk {
    size_t rank;
    size_t dimensions[NN_MAX_RANK + 1], steps[NN_MAX_RANK + 1];
};

/* Puts a dimension before the others. */
static void put_before(struct walk *walk, size_t dimension, bool stretches, size_t step)
{
    const size_t at = walk->rank == 0 ? 0 : walk->rank - 1;
    if (dimension == 1)
        return;
    if (walk->rank > 0 && (walk->steps[at] == 0) == stretches) {
        walk->dimensions[at] *= dimension;
        return;
    }
    walk->dimensions[walk->rank] = dimension;
    walk->steps[walk->rank++] = stretches ? 0 : step;
}

/* From the last dimension to the first. */
static struct walk make_walk(const nn_layer_call *call, size_t input)
{
    struct walk walk = {.rank = 0};
    size_t step = 1;
    for (size_t i = 0; i < call->output->rank; i++) {
        const size_t own = dimension_from_right(&call->input_shapes[input], i);
        const size_t dimension = dimension_from_right(call->output, i);
        put_before(&walk, dimension, own != dimension, step);
        step *= own;
    }
    put_before(&walk, call->rows, false, step);
    return walk;
}

/* Values next to each other of the stretched input: one, if it stretches along them, or as many. */
struct run {
    size_t at, count; /* in the input; of the stretched one */
};

/* The run that begins at a value of the stretched input. */
static struct run find_run(const struct walk *walk, size_t value, size_t most)
{
    const size_t left = walk->dimensions[0] - value % walk->dimensions[0];
    struct run run = {.count = left < most ? left : most};
    for (size_t i = 0; i < walk->rank; i++) {
        run.at += value % walk->dimensions[i] * walk->steps[i];
        value /= walk->dimensions[i];
    }
    return run;
}

const nn_real *nn_merge_read(const nn_layer_call *call, size_t input, size_t first, size_t count,
                             nn_real *buffer)
{
    const nn_real *x = call->inputs[input];
    if (!nn_merge_stretches(call, input))
        return x + first;
    const struct walk walk = make_walk(call, input);
    struct run run;
    for (size_t done = 0; done < count; done += run.count) {
        run = find_run(&walk, first + done, count - done);
        for (size_t i = 0; i < run.count; i++)
            buffer[done + i] = x[run.at + i * walk.steps[0]];
    }
    return buffer;
}

void nn_merge_forward(const nn_layer_call *call, nn_merge_operation operation)
{
    nn_real buffers[2][NN_MERGE_BLOCK];
    const size_t values = nn_merge_values(call), block = nn_merge_block(call);
    for (size_t first = 0; first < values; first += block) {
        const size_t count = values - first < block ? values - first : block;
        nn_real *y = call->y + first;
        operation(count, nn_merge_read(call, 0, first, count, buffers[0]),
                  nn_merge_read(call, 1, first, count, buffers[1]), y);
        for (size_t i = 2; i < call->input_count; i++)
            operation(count, y, nn_merge_read(call, i, first, count, buffers[0]), y);
    }
}

/* ---- gradients ---- */

void nn_merge_begin_gradient(const nn_layer_call *call, size_t input)
{
    if (nn_merge_stretches(call, input))
        memset(call->input_gradients[input], 0,
               nn_merge_input_values(call, input) * sizeof(nn_real));
}

nn_real *nn_merge_gradient_place(const nn_layer_call *call, size_t input, size_t first,
                                 nn_real *buffer)
{
    return nn_merge_stretches(call, input) ? buffer : call->input_gradients[input] + first;
}

NN_VECTORIZE
static double sum(size_t count, const nn_real *values)
{
    nn_lanes lanes = NN_LANES_ZERO;
    nn_lanes_add(&lanes, count, values);
    return nn_lanes_total(&lanes);
}

void nn_merge_take_gradient(const nn_layer_call *call, size_t input, size_t first, size_t count,
                            const nn_real *place)
{
    nn_real *dx = call->input_gradients[input];
    if (!nn_merge_stretches(call, input))
        return;
    const struct walk walk = make_walk(call, input);
    struct run run;
    for (size_t done = 0; done < count; done += run.count) {
        run = find_run(&walk, first + done, count - done);
        if (walk.steps[0] == 0)
            dx[run.at] += (nn_real)sum(run.count, place + done);
        else
            nn_add_values(run.count, dx + run.at, place + done, dx + run.at);
    }
}

void nn_merge_pass_gradient(const nn_layer_call *call, size_t input, nn_real scale)
{
    nn_real *dx = call->input_gradients[input];
    const size_t values = nn_merge_values(call);
    const bool stretches = nn_merge_stretches(call, input);
    if (dx == NULL)
        return;
    if (!stretches && scale == 1) {
        memcpy(dx, call->dy, values * sizeof(*dx));
        return;
    }
    nn_merge_begin_gradient(call, input);
    nn_merge_take_gradient(call, input, 0, values, call->dy);
    nn_scale_offset(nn_merge_input_values(call, input), scale, 0, stretches ? dx : call->dy, dx);
}
