/* Failures: a status and a message in words, kept per thread. */
#ifndef NN_CORE_STATUS_H
#define NN_CORE_STATUS_H

#include "nn.h"

/* Sets this thread's message and returns status. Text is formatted as in the C locale. */
nn_status nn_fail(nn_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before this thread's message and returns status. */
nn_status nn_fail_in(nn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* return nn_fail(...) unless condition holds */
#define NN_REQUIRE(condition, status, ...)                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return nn_fail((status), __VA_ARGS__);                                                 \
    } while (0)

/* hands a failure to the caller */
#define NN_TRY(expression)                                                                         \
    do {                                                                                           \
        nn_status nn_try_status = (expression);                                                    \
        if (nn_try_status != NN_OK)                                                                \
            return nn_try_status;                                                                  \
    } while (0)

#endif
