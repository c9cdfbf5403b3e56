#include "access.h"
#include "status.h"

/* This thread's identity: the address of something of its own. */
static uintptr_t this_thread(void)
{
    static _Thread_local char here;
    return (uintptr_t)&here;
}

/* Readers of a const model count themselves: that is no change a caller can see. */
static nn_model *counted(const nn_model *model)
{
    return (nn_model *)(uintptr_t)model;
}

static bool writes_here(const nn_model *model)
{
    return atomic_load(&counted(model)->users) < 0 &&
           atomic_load(&counted(model)->writer) == this_thread();
}

nn_status nn_model_begin_read(const nn_model *model)
{
    if (writes_here(model))
        return NN_OK;
    int users = atomic_load(&counted(model)->users);
    do {
        NN_REQUIRE(users >= 0, NN_ERR_STATE, "the model is being changed by another thread");
    } while (!atomic_compare_exchange_weak(&counted(model)->users, &users, users + 1));
    return NN_OK;
}

void nn_model_end_read(const nn_model *model)
{
    if (!writes_here(model))
        atomic_fetch_sub(&counted(model)->users, 1);
}

nn_status nn_model_begin_write(nn_model *model)
{
    int users = 0;
    if (!atomic_compare_exchange_strong(&model->users, &users, -1))
        return nn_fail(NN_ERR_STATE, "%s",
                       writes_here(model) ? "a callback can't change the model being trained"
                                          : "the model is in use by another thread");
    atomic_store(&model->writer, this_thread());
    return NN_OK;
}

void nn_model_end_write(nn_model *model)
{
    bool free_now = atomic_load(&model->free_pending);
    atomic_store(&model->writer, 0);
    atomic_store(&model->users, 0);
    if (free_now)
        nn_model_free(model);
}

nn_status nn_model_begin_change(nn_model *model, bool *within)
{
    *within = writes_here(model);
    return *within ? NN_OK : nn_model_begin_write(model);
}

void nn_model_end_change(nn_model *model, bool within)
{
    if (!within)
        nn_model_end_write(model);
}

bool nn_model_defer_free(nn_model *model)
{
    if (!writes_here(model))
        return false;
    atomic_store(&model->free_pending, true);
    return true;
}
