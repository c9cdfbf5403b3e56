/* A quantity that a callback watches, and what counts as better, as Keras decides it. */
#ifndef NN_CALLBACKS_MONITOR_H
#define NN_CALLBACKS_MONITOR_H

#include "callback.h"

extern const char *const nn_monitor_modes[]; /* auto, min, max */

#define NN_OPTION_MONITOR(s)                                                                       \
    NN_OPTION_STRING(s, monitor, "val_loss", "the quantity to watch, a column of the history")
#define NN_OPTION_MODE(s)                                                                          \
    NN_OPTION_CHOICE(s, mode, nn_monitor_modes, "auto",                                            \
                     "whether small or large is good; auto: as the quantity's name tells")

typedef struct nn_monitor {
    const char *name;
    bool maximize;
    double min_delta;
} nn_monitor;

/* What can be told without a training: for check. */
nn_status nn_monitor_check(const char *name);

/* Finds the quantity among the columns, and the direction. at_batches: it must be known at the end of a
 * batch. Errors: NN_ERR_INVALID (not measured, no direction known). */
nn_status nn_monitor_open(nn_monitor *monitor, const nn_training *training, const char *name,
                          const char *mode, double min_delta, bool at_batches);

/* The event's value; false in an epoch without validation. */
bool nn_monitor_value(const nn_monitor *monitor, const nn_event *event, double *value);

/* Whether value is better than best by more than min_delta. Compared as float, as Keras does; NaN is
 * never better and nothing is better than NaN. */
bool nn_monitor_improves(const nn_monitor *monitor, double value, double best);

/* The best so far, among a callback's progress. */
typedef struct nn_best {
    double value;
    bool known;
} nn_best;

static inline bool nn_monitor_beats(const nn_monitor *monitor, double value, const nn_best *best)
{
    return !best->known || nn_monitor_improves(monitor, value, best->value);
}

#endif
