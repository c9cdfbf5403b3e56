/* What every test program shares: run one Check suite and end with its verdict; what a call of the library is
 * to give. */
#ifndef NN_TESTS_SUITE_H
#define NN_TESTS_SUITE_H

#include "nn.h"
#include <check.h>

/* Runs the suite, prints Check's summary, returns main's exit status; frees the suite. */
int run_suite(Suite *suite);

/* A case with a fixture (either part may be NULL: none), and with time for a machine that is shared. */
TCase *add_case(Suite *suite, const char *name, void (*setup)(void), void (*teardown)(void));

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The call gives NN_OK. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        const nn_status ok_status = (call);                                                        \
        ck_assert_msg(ok_status == NN_OK, "%s: %s (%s)", #call, nn_status_string(ok_status),       \
                      nn_error_message());                                                         \
    } while (0)

/* The call gives that error, and its message has that text in it. */
#define FAILS(call, expected, text)                                                                \
    do {                                                                                           \
        forget_message();                                                                          \
        assert_failed((call), (expected), (text), #call);                                          \
    } while (0)
void forget_message(void); /* so that none of an earlier failure is taken for it */
void assert_failed(nn_status status, nn_status expected, const char *text, const char *call);

/* The last message has that text in it; about: what it is the message of. */
void expect_message(const char *text, const char *about);

#endif
