#include "suite.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    int run = srunner_ntests_run(runner);
    srunner_free(runner);
    nn_release_threads(); /* what a leak checker would find of them */
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

TCase *add_case(Suite *suite, const char *name, void (*setup)(void), void (*teardown)(void))
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    if (setup != NULL || teardown != NULL)
        tcase_add_checked_fixture(tcase, setup, teardown);
    suite_add_tcase(suite, tcase);
    return tcase;
}

void forget_message(void)
{
    nn_fail(NN_OK, "(no message)");
}

void assert_failed(nn_status status, nn_status expected, const char *text, const char *call)
{
    ck_assert_msg(status == expected, "%s gave %s, expected %s (%s)", call,
                  nn_status_string(status), nn_status_string(expected), nn_error_message());
    expect_message(text, call);
}

void expect_message(const char *text, const char *about)
{
    ck_assert_msg(strstr(nn_error_message(), text) != NULL, "%s: \"%s\" isn't in \"%s\"", about,
                  text, nn_error_message());
}
