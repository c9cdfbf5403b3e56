#include "custom_activation.h"
#include "activation.h"
#include "status.h"

struct custom_activation {
    nn_custom_part part;
    nn_activation type;
    nn_custom_activation functions;
};

static const struct custom_activation *of(const void *self)
{
    return (const struct custom_activation *)nn_custom_part_of(self);
}

static void forward(const void *self, size_t rows, size_t width, const nn_real *z, nn_real *y)
{
    const struct custom_activation *custom = of(self);
    const nn_custom_activation *functions = &custom->functions;
    if (nn_custom_failed())
        return;
    const size_t count = rows * width;
    float *from = nn_floats_begin(count, z), *to = nn_floats_begin(count, y);
    nn_custom_note(&custom->part, "forward",
                   from != NULL && to != NULL
                       ? functions->forward(functions->user, rows, width, from, to)
                       : NN_ERR_NO_MEMORY);
    nn_floats_end(count, to, y);
    nn_floats_end(count, from, NULL);
}

static void backward(const void *self, size_t rows, size_t width, const nn_real *z,
                     const nn_real *y, const nn_real *dy, nn_real *dz)
{
    const struct custom_activation *custom = of(self);
    const nn_custom_activation *functions = &custom->functions;
    if (nn_custom_failed())
        return;
    const size_t count = rows * width;
    float *in = nn_floats_begin(count, z), *out = nn_floats_begin(count, y);
    float *from = nn_floats_begin(count, dy), *to = nn_floats_begin(count, dz);
    nn_custom_note(&custom->part, "backward",
                   in != NULL && out != NULL && from != NULL && to != NULL
                       ? functions->backward(functions->user, rows, width, in, out, from, to)
                       : NN_ERR_NO_MEMORY);
    nn_floats_end(count, to, dz);
    nn_floats_end(count, from, NULL);
    nn_floats_end(count, out, NULL);
    nn_floats_end(count, in, NULL);
}

nn_status nn_custom_activation_create(nn_custom_part **part, const nn_custom_activation *given)
{
    nn_custom_activation functions;
    NN_TRY(nn_custom_take(&functions, sizeof(functions), given, "activation"));
    NN_REQUIRE(functions.name != NULL, NN_ERR_INVALID, "activation: name is NULL");
    NN_REQUIRE(functions.forward != NULL && functions.backward != NULL, NN_ERR_INVALID,
               "activation %.80s: %s is NULL", functions.name,
               functions.forward == NULL ? "forward" : "backward");
    struct custom_activation *made = nn_custom_part_allocate(sizeof(*made), functions.name);
    if (made == NULL)
        return NN_ERR_NO_MEMORY;
    const char *name = nn_custom_part_name(made, sizeof(*made));
    made->functions = functions;
    made->functions.name = name;
    made->type = (nn_activation){
        .part = {.name = name,
                 .class_name = name,
                 .size = sizeof(nn_custom_part *),
                 .help = "the caller's own",
                 .custom = &made->part},
        .needs_z = true,
        .forward = forward,
        .backward = backward,
    };
    made->part.room = &nn_activation_room;
    made->part.type = &made->type.part;
    made->part.release = functions.release;
    made->part.user = functions.user;
    *part = &made->part;
    return NN_OK;
}
