/* How many processors this process may use. */
#ifndef NN_CORE_PROCESSORS_H
#define NN_CORE_PROCESSORS_H

#include <stddef.h>

/* NN_NUM_THREADS if it is a number above 0, else the cores in the affinity mask, fewer where a control
 * group limits the processor time (cpu.max). At least 1. */
size_t nn_processors_wanted(void);

#endif
