/* What every test program shares: run one Check suite and end with its verdict. */
#ifndef NN_TESTS_SUITE_H
#define NN_TESTS_SUITE_H

#include <check.h>

/* Runs the suite, prints Check's summary, returns main's exit status; frees the suite. */
int run_suite(Suite *suite);

#endif
