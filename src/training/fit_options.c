#include "fit_options.h"
#include "status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LARGEST = 4096 }; /* no version's struct is larger: such a size is a mistake */

/* Whether a struct of that size ends between two options, as an older version's may. */
static bool ends_between_options(size_t size)
{
    static const size_t ends[] = {
        offsetof(nn_fit_options, epochs),
        offsetof(nn_fit_options, batch_size),
        offsetof(nn_fit_options, initial_epoch),
        offsetof(nn_fit_options, shuffle),
        offsetof(nn_fit_options, verbose),
        offsetof(nn_fit_options, validation_data),
        offsetof(nn_fit_options, validation_split),
        offsetof(nn_fit_options, class_weight),
        offsetof(nn_fit_options, class_weight_count),
        offsetof(nn_fit_options, callbacks),
        offsetof(nn_fit_options, callback),
        offsetof(nn_fit_options, callback_user),
        offsetof(nn_fit_options, all_events),
        offsetof(nn_fit_options, steps_per_epoch),
        offsetof(nn_fit_options, validation_steps),
        offsetof(nn_fit_options, validation_batch_size),
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends[i] == size)
            return true;
    return size >= sizeof(nn_fit_options);
}

static nn_status copy_known(nn_fit_options *taken, const nn_fit_options *given)
{
    const size_t size = given->struct_size;
    const unsigned char *bytes = (const unsigned char *)given;
    NN_REQUIRE(ends_between_options(size) && size <= LARGEST, NN_ERR_INVALID,
               "options: struct_size is %zu; make the options with NN_FIT_OPTIONS_INIT", size);
    for (size_t i = sizeof(*taken); i < size; i++)
        NN_REQUIRE(
            bytes[i] == 0, NN_ERR_VERSION,
            "options: the caller's struct has %zu bytes, this version knows %zu, and what is "
            "beyond isn't zero",
            size, sizeof(*taken));
    memcpy(taken, given, size < sizeof(*taken) ? size : sizeof(*taken));
    return NN_OK;
}

nn_status nn_fit_options_take(nn_fit_options *taken, const nn_fit_options *given)
{
    const nn_fit_options defaults = NN_FIT_OPTIONS_INIT;
    *taken = defaults;
    if (given != NULL)
        NN_TRY(copy_known(taken, given));
    NN_REQUIRE(taken->epochs > 0, NN_ERR_INVALID, "epochs is 0");
    NN_REQUIRE(taken->epochs <= SIZE_MAX - taken->initial_epoch, NN_ERR_INVALID,
               "initial_epoch + epochs is too large");
    NN_REQUIRE(taken->batch_size > 0, NN_ERR_INVALID, "batch_size is 0");
    NN_REQUIRE(taken->verbose >= 0 && taken->verbose <= 2, NN_ERR_INVALID,
               "verbose is %d, expected 0, 1 or 2", taken->verbose);
    NN_REQUIRE(taken->validation_split >= 0 && taken->validation_split < 1, NN_ERR_INVALID,
               "validation_split is %g, expected a number in [0, 1)", taken->validation_split);
    NN_REQUIRE(taken->validation_freq >= 0, NN_ERR_INVALID,
               "validation_freq is %d, expected a number of epochs", taken->validation_freq);
    if (taken->validation_freq == 0)
        taken->validation_freq = 1;
    NN_REQUIRE(taken->class_weight != NULL || taken->class_weight_count == 0, NN_ERR_INVALID,
               "class_weight is NULL, but class_weight_count is %zu", taken->class_weight_count);
    return NN_OK;
}
