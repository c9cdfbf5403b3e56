/* What training lets callbacks do (callback.h). */
#include "allocate.h"
#include "fitting.h"
#include <string.h>

nn_status nn_fitting_show_average(nn_fitting *fit, bool shown)
{
    if (fit->average_shown == shown)
        return NN_OK;
    NN_TRY(nn_model_swap_ema_weights(fit->model));
    fit->average_shown = shown;
    return NN_OK;
}

static nn_status show_average(void *user, bool shown)
{
    return nn_fitting_show_average(user, shown);
}

static nn_status reserve_weights(void *user, size_t *place)
{
    nn_fitting *fit = user;
    nn_real **grown = nn_grow(fit->kept, fit->kept_count, fit->kept_count + 1, sizeof(*fit->kept));
    if (grown == NULL)
        return NN_ERR_NO_MEMORY;
    fit->kept = grown;
    grown[fit->kept_count] = nn_allocate(fit->model->weights_size, sizeof(nn_real));
    if (grown[fit->kept_count] == NULL)
        return NN_ERR_NO_MEMORY;
    *place = fit->kept_count++;
    return NN_OK;
}

static void keep_weights(void *user, size_t place)
{
    const nn_fitting *fit = user;
    memcpy(fit->kept[place], fit->model->weights, fit->model->weights_size * sizeof(nn_real));
}

static void restore_weights(void *user, size_t place)
{
    nn_fitting *fit = user;
    nn_fitting_show_average(fit, false);
    memcpy(fit->model->weights, fit->kept[place], fit->model->weights_size * sizeof(nn_real));
}

static double learning_rate(void *user)
{
    return nn_model_learning_rate(((const nn_fitting *)user)->model);
}

static nn_status set_learning_rate(void *user, double value)
{
    return nn_model_set_learning_rate(((const nn_fitting *)user)->model, value);
}

static double gradient_norm(void *user, size_t node)
{
    const nn_trainer *trainer = ((const nn_fitting *)user)->trainer;
    return trainer->norm_batches > 0 ? trainer->norm_sums[node] / (double)trainer->norm_batches : 0;
}

static void backup(void *user, const char *path)
{
    ((nn_fitting *)user)->backup_path = path;
}

static nn_status restore(void *user, const char *path)
{
    return nn_fitting_read_backup(user, path);
}

void nn_fitting_offer_actions(nn_fitting *fit)
{
    fit->actions = (nn_training){
        .fit = fit,
        .model = fit->model,
        .columns = nn_history_names(fit->history),
        .column_count = nn_history_count(fit->history),
        .quantity_count = fit->quantities,
        .reserve_weights = reserve_weights,
        .keep_weights = keep_weights,
        .restore_weights = restore_weights,
        .learning_rate = learning_rate,
        .set_learning_rate = set_learning_rate,
        .show_average = show_average,
        .gradient_norm = gradient_norm,
        .backup = backup,
        .restore = restore,
    };
}

void nn_fitting_free_kept(nn_fitting *fit)
{
    for (size_t i = 0; i < fit->kept_count; i++)
        nn_release(fit->kept[i]);
    nn_release(fit->kept);
    fit->kept = NULL;
    fit->kept_count = 0;
}
