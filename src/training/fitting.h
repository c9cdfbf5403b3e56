/* Everything one nn_fit holds, between the files that prepare it, run it and back it up. */
#ifndef NN_TRAINING_FITTING_H
#define NN_TRAINING_FITTING_H

#include "history.h"
#include "listeners.h"
#include "model_file.h"
#include "snapshot.h"
#include "trainer.h"

typedef struct nn_fitting {
    nn_model *model;
    nn_fit_options options;
    nn_dataset *training_data, *validation_data; /* counted references; the second may be NULL */
    nn_source training, validation;
    nn_trainer *trainer;   /* the model's own */
    nn_trainer *validator; /* NULL without validation */
    nn_snapshot snapshot;  /* the end of the last whole epoch */
    nn_history *history;
    nn_listeners listeners;
    nn_training actions;      /* what callbacks are handed */
    double *values;           /* [columns of the history] */
    size_t quantities;        /* loss and metrics */
    double *known_values;     /* of the columns that are known after an epoch, */
    const char **known_names; /* and their names */

    size_t *order;   /* [rows] this pass's order of rows; NULL: as they come */
    size_t batches;  /* of an epoch */
    size_t position; /* batches of this pass over the data that are done; 0: a new pass begins */

    bool solving,
        solved; /* an optimizer that works on whole data has begun; has nothing left to do */

    size_t epoch; /* the one that runs, or the next */
    size_t batch; /* batches of it that are done */
    size_t end;   /* the number after the last epoch's */

    nn_real **kept; /* copies of the weights for callbacks */
    size_t kept_count;

    bool average_shown; /* the weights are swapped with their moving average */

    const char *backup_path;   /* where a callback wants a backup; NULL: nowhere */
    nn_model *backup;          /* what is to be restored, and how far it had come */
    nn_model_training restore; /* its progress is NULL: nothing is */
} nn_fitting;

/* Runs the epochs, from the beginning's event to the end's. */
nn_status nn_fitting_run(nn_fitting *fit);

/* Fills fit->actions. */
void nn_fitting_offer_actions(nn_fitting *fit);
void nn_fitting_free_kept(nn_fitting *fit);

/* Swaps the weights with their moving average, or back, unless they are. */
nn_status nn_fitting_show_average(nn_fitting *fit, bool shown);

/* The order of the rows in the pass that is the number-th of all fits. */
void nn_fitting_shuffle(nn_fitting *fit, uint64_t number);

/* Writes the backup that a callback asked for, if one did. */
nn_status nn_fitting_back_up(nn_fitting *fit);
/* Reads a backup, to be put in place by nn_fitting_restore. */
nn_status nn_fitting_read_backup(nn_fitting *fit, const char *path);
/* Puts in place what was read, if something was: the model, how far training had come, and the callbacks'
 * progress. */
nn_status nn_fitting_restore(nn_fitting *fit);
void nn_fitting_drop_backup(nn_fitting *fit);

#endif
