#include "custom_loss.h"
#include "loss.h"
#include "status.h"

struct custom_loss {
    nn_custom_part part;
    nn_loss type;
    nn_custom_loss functions;
};

static const struct custom_loss *of(const void *self)
{
    return (const struct custom_loss *)nn_custom_part_of(self);
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *y,
                    const nn_target *target, double *loss)
{
    const struct custom_loss *custom = of(self);
    const nn_custom_loss *functions = &custom->functions;
    if (nn_custom_failed())
        return;
    const void *targets = nn_custom_targets_begin(target, rows, width);
    float *outputs = nn_floats_begin(rows * width, y);
    nn_custom_note(&custom->part, "forward",
                   targets != NULL && outputs != NULL
                       ? functions->forward(functions->user, rows, width, targets, outputs, loss)
                       : NN_ERR_NO_MEMORY);
    nn_floats_end(rows * width, outputs, NULL);
    nn_custom_targets_end(target, rows, width, targets);
}

/* The caller's function doesn't know of weights. */
static void weigh(size_t rows, size_t width, const nn_real *weight, nn_real *dy)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            dy[i * width + j] *= weight[i];
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *y,
                     const nn_target *target, const nn_real *weight, nn_real *dy)
{
    const struct custom_loss *custom = of(self);
    const nn_custom_loss *functions = &custom->functions;
    if (nn_custom_failed())
        return;
    const void *targets = nn_custom_targets_begin(target, rows, width);
    float *outputs = nn_floats_begin(rows * width, y);
    float *gradient = nn_floats_begin(rows * width, dy);
    nn_custom_note(
        &custom->part, "backward",
        targets != NULL && outputs != NULL && gradient != NULL
            ? functions->backward(functions->user, rows, width, targets, outputs, gradient)
            : NN_ERR_NO_MEMORY);
    nn_floats_end(rows * width, gradient, dy);
    nn_floats_end(rows * width, outputs, NULL);
    nn_custom_targets_end(target, rows, width, targets);
    weigh(rows, width, weight, dy);
}

nn_status nn_custom_loss_create(nn_custom_part **part, const nn_custom_loss *given)
{
    nn_custom_loss functions;
    NN_TRY(nn_custom_take(&functions, sizeof(functions), given, "loss"));
    NN_REQUIRE(functions.name != NULL, NN_ERR_INVALID, "loss: name is NULL");
    NN_REQUIRE(functions.forward != NULL && functions.backward != NULL, NN_ERR_INVALID,
               "loss %.80s: %s is NULL", functions.name,
               functions.forward == NULL ? "forward" : "backward");
    struct custom_loss *made = nn_custom_part_allocate(sizeof(*made), functions.name);
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    const char *name = nn_custom_part_name(made, sizeof(*made));
    made->functions = functions;
    made->functions.name = name;
    made->type = (nn_loss){
        .part = {.name = name,
                 .class_name = name,
                 .size = sizeof(nn_custom_part *),
                 .help = "the caller's own",
                 .custom = &made->part},
        .target = functions.labels != 0 ? NN_TARGET_LABELS : NN_TARGET_VALUES,
        .forward = forward,
        .backward = backward,
    };
    made->part.room = &nn_loss_room;
    made->part.type = &made->type.part;
    made->part.release = functions.release;
    made->part.user = functions.user;
    *part = &made->part;
    return NN_OK;
}
