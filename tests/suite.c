#include "suite.h"
#include "nn.h"
#include <stdlib.h>

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
