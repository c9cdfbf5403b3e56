#include "save_frequency.h"
#include "status.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

nn_status nn_save_frequency_read(const char *save_freq, size_t *batches)
{
    *batches = 0;
    if (save_freq != NULL && strcmp(save_freq, "epoch") == 0)
        return NN_OK;
    char *end = NULL;
    unsigned long long number = 0;
    errno = 0;
    if (save_freq != NULL && save_freq[0] >= '0' && save_freq[0] <= '9')
        number = strtoull(save_freq, &end, 10);
    NN_REQUIRE(end != NULL && *end == '\0' && errno == 0 && number > 0, NN_ERR_INVALID,
               "save_freq is %.40s, expected epoch or a number of batches of at least 1",
               save_freq != NULL ? save_freq : "none");
    *batches = (size_t)number;
    return NN_OK;
}

bool nn_save_frequency_is_due(size_t save_freq, size_t *batches, nn_event_kind event)
{
    if (save_freq == 0)
        return event == NN_EVENT_EPOCH_END;
    if (event != NN_EVENT_BATCH_END || ++*batches < save_freq)
        return false;
    *batches = 0;
    return true;
}
