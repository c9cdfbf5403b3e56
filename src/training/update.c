/*
 * An update, in Keras's order:
 *
 *     g = (g + accumulated) / gradient_accumulation_steps       at each such step; at others the gradients
 *                                                               are added up and the weights stay
 *     g clipped                                                 clipnorm, global_clipnorm or clipvalue
 *     w -= learning_rate weight_decay w
 *     the optimizer's step
 *     average = ema_momentum average + (1 - ema_momentum) w     after each batch; at first it is w
 *     w = average                                               every ema_overwrite_frequency steps
 *
 * The runs are cut into parts by their size alone; the pool does parts side by side, and what is done to
 * a part is done in one go, while it is in cache. Only norms and optimizers that go tensor by tensor
 * need all parts to be at the same point. Norms are summed tensor by tensor in one order. So no result
 * depends on the number of threads.
 */
#include "update.h"
#include "elementwise.h"
#include "pool.h"
#include "vectorize.h"
#include <math.h>
#include <string.h>

enum { PART = 32768 }; /* values */

struct update {
    nn_model *model;
    const nn_optimizer *optimizer;
    const nn_optimizer_options *options;
    nn_optimizer_step step;           /* over the whole runs */
    nn_real *average, *accumulator;   /* NULL: none */
    bool steps;                       /* else gradients are only added up */
    bool overwrites;                  /* the average takes the weights' place */
    bool prepares, advances, follows; /* what the next pass over the parts does */
};

NN_VECTORIZE
static void add(size_t count, const nn_real *restrict a, nn_real *restrict sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += a[i];
}

/* g = (g + sum) / steps; sum = 0 */
NN_VECTORIZE
static void take_mean(size_t count, nn_real steps, nn_real *restrict sum, nn_real *restrict g)
{
    for (size_t i = 0; i < count; i++) {
        g[i] = (g[i] + sum[i]) / steps;
        sum[i] = 0;
    }
}

NN_VECTORIZE
static void clip(size_t count, nn_real most, nn_real *g)
{
    for (size_t i = 0; i < count; i++)
        g[i] = g[i] > most ? most : g[i] < -most ? -most : g[i]; /* NaN stays */
}

NN_VECTORIZE
static void decay(size_t count, nn_real share, nn_real *w)
{
    for (size_t i = 0; i < count; i++)
        w[i] -= w[i] * share;
}

NN_VECTORIZE
static void follow(size_t count, nn_real momentum, nn_real rest, const nn_real *restrict w,
                   nn_real *restrict average)
{
    for (size_t i = 0; i < count; i++)
        average[i] = momentum * average[i] + rest * w[i];
}

/* ---- parts ---- */

static void prepare(const struct update *update, size_t first, size_t count)
{
    nn_real *g = update->model->gradients + first;
    if (update->accumulator != NULL && update->steps)
        take_mean(count, (nn_real)update->options->gradient_accumulation_steps.value,
                  update->accumulator + first, g);
    else if (update->accumulator != NULL)
        add(count, g, update->accumulator + first);
    if (update->options->clipvalue.given && update->steps)
        clip(count, (nn_real)update->options->clipvalue.value, g);
}

static void decay_part(const struct update *update, size_t first, size_t count)
{
    const double share = update->options->weight_decay.value * update->step.learning_rate;
    if (share != 0 && !update->optimizer->decays)
        decay(count, (nn_real)share, update->step.weights + first);
}

static void step_part(const struct update *update, size_t first, size_t count)
{
    nn_optimizer_step step = update->step;
    step.count = count;
    step.weights += first;
    step.gradients += first;
    for (size_t i = 0; i < update->model->slot_count && i < NN_OPTIMIZER_MAX_SLOTS; i++)
        step.slots[i] += first;
    update->optimizer->step(update->options, &step);
}

static void follow_part(const struct update *update, size_t first, size_t count)
{
    const double momentum = update->step.iteration == 0 ? 0 : update->options->ema_momentum;
    nn_real *w = update->step.weights + first, *average = update->average + first;
    follow(count, (nn_real)momentum, (nn_real)(1 - momentum), w, average);
    if (update->overwrites)
        memcpy(w, average, count * sizeof(*w));
}

static void do_part(void *context, size_t index)
{
    const struct update *update = context;
    const size_t first = index * PART, left = update->step.count - first;
    const size_t count = left < PART ? left : PART;
    if (update->prepares)
        prepare(update, first, count);
    if (update->advances) {
        decay_part(update, first, count);
        if (update->optimizer->elementwise)
            step_part(update, first, count);
    }
    if (update->follows)
        follow_part(update, first, count);
}

static void do_parts(struct update *update, bool prepares, bool advances, bool follows)
{
    update->prepares = prepares;
    update->advances = advances;
    update->follows = follows;
    if (update->step.count > 0)
        nn_pool_run((update->step.count - 1) / PART + 1, do_part, update);
}

/* ---- norms ---- */

static void take_norm(void *context, size_t index)
{
    const nn_model *model = ((const struct update *)context)->model;
    const nn_segment *segment = &model->segments[index];
    model->norms[index] =
        sqrt(nn_sum_of_squares(segment->width, model->gradients + segment->offset));
}

static void scale_segment(const nn_model *model, const nn_segment *segment, double scale)
{
    nn_real *g = model->gradients + segment->offset;
    nn_scale_offset(segment->width, (nn_real)scale, 0, g, g);
}

/* What makes a norm at most so much; NaN if the norm isn't finite, which training then stops for. */
static double scale_to(double most, double norm)
{
    return most / norm + (norm - norm);
}

static void clip_one_norm(void *context, size_t index)
{
    const struct update *update = context;
    const double most = update->options->clipnorm.value;
    take_norm(context, index);
    const double norm = update->model->norms[index];
    if (!(norm <= most))
        scale_segment(update->model, &update->model->segments[index], scale_to(most, norm));
}

struct global_clip {
    const nn_model *model;
    double scale;
};

static void scale_one(void *context, size_t index)
{
    const struct global_clip *clip = context;
    scale_segment(clip->model, &clip->model->segments[index], clip->scale);
}

static void clip_global_norm(struct update *update)
{
    const nn_model *model = update->model;
    const double most = update->options->global_clipnorm.value;
    nn_pool_run(model->segment_count, take_norm, update);
    double squares = 0;
    for (size_t i = 0; i < model->segment_count; i++)
        squares += model->norms[i] * model->norms[i];
    const double norm = sqrt(squares);
    struct global_clip clip = {.model = model, .scale = scale_to(most, norm)};
    if (!(norm <= most))
        nn_pool_run(model->segment_count, scale_one, &clip);
}

/* ---- the whole ---- */

static struct update begin(nn_model *model)
{
    const nn_part *part = &model->optimizer;
    const nn_optimizer_options *options = nn_optimizer_options_of(part);
    const nn_optional_size *accumulate = &options->gradient_accumulation_steps;
    const nn_optional_size *overwrite = &options->ema_overwrite_frequency;
    const uint64_t batches = accumulate->given ? accumulate->value : 1;
    const uint64_t iteration = model->iteration / batches;
    nn_real *const slots = model->slots;
    const size_t size = model->trainable_size;
    struct update update = {
        .model = model,
        .optimizer = nn_optimizer_of(part),
        .options = options,
        .step = {.count = size,
                 .iteration = iteration,
                 .learning_rate = nn_optimizer_rate(part, model->iteration),
                 .weights = model->weights,
                 .gradients = model->gradients,
                 .segments = model->segments,
                 .segment_count = model->segment_count,
                 .scratch = model->step_scratch},
        .average = options->use_ema ? slots + nn_optimizer_average_slot(part) * size : NULL,
        .accumulator =
            accumulate->given ? slots + nn_optimizer_accumulator_slot(part) * size : NULL,
        .steps = (model->iteration + 1) % batches == 0,
        .overwrites =
            options->use_ema && overwrite->given && (iteration + 1) % overwrite->value == 0,
    };
    for (size_t i = 0; i < model->slot_count && i < NN_OPTIMIZER_MAX_SLOTS; i++)
        update.step.slots[i] = slots + i * size;
    return update;
}

static void take_step(struct update *update, bool follows)
{
    nn_model *model = update->model;
    const bool norms = update->options->clipnorm.given || update->options->global_clipnorm.given;
    if (update->optimizer->advance != NULL)
        update->optimizer->advance(update->options, update->step.iteration, model->scalars);
    memcpy(update->step.scalars, model->scalars, sizeof(model->scalars));
    if (norms) {
        if (update->accumulator != NULL)
            do_parts(update, true, false, false);
        if (update->options->clipnorm.given)
            nn_pool_run(model->segment_count, clip_one_norm, update);
        else
            clip_global_norm(update);
    }
    if (update->optimizer->elementwise) {
        do_parts(update, !norms, true, follows);
        return;
    }
    do_parts(update, !norms, true, false);
    update->optimizer->step(update->options, &update->step);
    if (follows)
        do_parts(update, false, false, true);
}

void nn_update_weights(nn_model *model)
{
    struct update update = begin(model);
    const bool follows = update.average != NULL;
    if (update.steps)
        take_step(&update, follows);
    else
        do_parts(&update, true, false, follows);
}
