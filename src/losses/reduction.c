/* How the losses of a batch's rows become one.  Source: Keras. */
#include "loss.h"
#include <string.h>

static bool reduces_to(const nn_part *loss, const char *reduction)
{
    return strcmp(((const nn_loss_options *)loss->self)->reduction, reduction) == 0;
}

double nn_loss_divisor(const nn_part *loss, size_t counted, double weights)
{
    if (reduces_to(loss, "sum"))
        return 1;
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
