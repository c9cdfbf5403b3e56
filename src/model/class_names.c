/* Names of the output classes. */
#include "access.h"
#include "allocate.h"
#include "model.h"
#include "names.h"
#include "status.h"

nn_status nn_model_set_class_names(nn_model *model, const char *const *names, size_t count)
{
    NN_REQUIRE(model != NULL, NN_ERR_INVALID, "model is NULL");
    NN_REQUIRE(names != NULL || count == 0, NN_ERR_INVALID, "names is NULL");
    char **copy;
    NN_TRY(nn_model_begin_write(model));
    nn_status status = nn_names_copy(&copy, names, count);
    if (status == NN_OK) {
        nn_release(model->class_names); /* only now: names may be its own */
        model->class_names = copy;
        model->class_count = count;
    }
    nn_model_end_write(model);
    return status;
}

size_t nn_model_class_count(const nn_model *model)
{
    return model == NULL ? 0 : model->class_count;
}

const char *nn_model_class_name(const nn_model *model, size_t index)
{
    return index < nn_model_class_count(model) ? model->class_names[index] : NULL;
}
