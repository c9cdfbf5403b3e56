/* How the losses of a batch's rows become one.  Source: Keras. */
#include "loss.h"
#include <string.h>

static bool reduces_to(const nn_part *loss, const char *reduction)
{
    return strcmp(((const nn_loss_options *)loss->self)->reduction, reduction) == 0;
}

/* Keras adds a loss of the whole batch up over the rows only where these have weights. */
static double divisor_of_sum(const nn_part *loss, size_t counted, bool weighted)
{
    const nn_loss *type = nn_loss_of(loss);
    return type->of_batch != NULL && type->of_batch(loss->self) && !weighted ? (double)counted : 1;
}

double nn_loss_divisor(const nn_part *loss, size_t counted, bool weighted, double weights)
{
    if (reduces_to(loss, "sum"))
        return divisor_of_sum(loss, counted, weighted);
    return reduces_to(loss, "mean_with_sample_weight") ? weights : (double)counted;
}

nn_optional_integer nn_loss_ignored_class(const nn_part *loss)
{
    const nn_loss *type = nn_loss_of(loss);
    return type->ignored_class != NULL ? type->ignored_class(loss->self)
                                       : (nn_optional_integer){.given = false};
}

bool nn_loss_counts(const nn_part *loss, const nn_target *target, size_t row)
{
    const nn_optional_integer ignored = nn_loss_ignored_class(loss);
    return !ignored.given || target->labels[row] != ignored.value;
}

bool nn_loss_is_mean(const nn_part *loss)
{
    return !nn_loss_ignored_class(loss).given && !reduces_to(loss, "sum") &&
           !reduces_to(loss, "mean_with_sample_weight");
}
