/* The room of learning-rate schedules: the learning rate as a function of the steps done. */
#ifndef NN_SCHEDULES_SCHEDULE_H
#define NN_SCHEDULES_SCHEDULE_H

#include "part.h"

typedef struct nn_schedule {
    nn_part_type part;
    /* The learning rate of the step that comes after so many steps. A pure function. */
    double (*rate)(const void *self, uint64_t steps);
} nn_schedule;

extern const nn_room nn_schedule_room;

static inline const nn_schedule *nn_schedule_of(const nn_part *part)
{
    return (const nn_schedule *)part->type;
}

#endif
