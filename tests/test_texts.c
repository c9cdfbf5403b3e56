/* Texts that grow, numbers in them, messages and the words of statuses. */
#include "faults.h"
#include "random.h"
#include "status.h"
#include "suite.h"
#include "text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

START_TEST(a_text_is_cut_to_the_buffer_and_its_length_told)
{
    nn_text text = NN_TEXT_INIT;
    char buffer[8];
    size_t length = 99;
    OK(nn_text_copy_out(&text, buffer, sizeof buffer, &length));
    ck_assert(length == 0 && buffer[0] == '\0');
    for (size_t i = 0; i < 1000; i++)
        nn_text_append(&text, "%zu,", i % 10);
    ck_assert(text.length == 2000 && strlen(text.data) == 2000);
    memset(buffer, '!', sizeof buffer);
    OK(nn_text_copy_out(&text, buffer, 4, &length));
    ck_assert_str_eq(buffer, "0,1");
    ck_assert(length == 2000 && buffer[4] == '!');
    OK(nn_text_copy_out(&text, buffer, 1, NULL));
    ck_assert_str_eq(buffer, "");
    OK(nn_text_copy_out(&text, NULL, 0, &length));
    ck_assert_uint_eq(length, 2000);
    ck_assert_int_eq(nn_text_copy_out(&text, NULL, 5, &length), NN_ERR_INVALID);
    text.failed = true;
    ck_assert_int_eq(nn_text_copy_out(&text, buffer, 4, &length), NN_ERR_NO_MEMORY);
    nn_text_free(&text);
}
END_TEST

START_TEST(a_text_that_fails_once_has_failed)
{
    nn_text text = NN_TEXT_INIT;
    nn_text_append(&text, "before");
    faults_fail_allocation(1, true);
    nn_text_append(&text, "%1000d", 1);
    faults_reset();
    nn_text_append(&text, "after");
    ck_assert(text.failed);
    ck_assert_str_eq(text.data, "before");
    nn_text_free(&text);
}
END_TEST

START_TEST(numbers_are_written_shortest_and_read_back)
{
    static const struct {
        double number;
        const char *text;
    } numbers[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {300, "300"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {1e-7, "1e-07"},
        {1e300, "1e+300"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {123456789, "123456789"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        nn_text text = NN_TEXT_INIT;
        nn_text_append_number(&text, numbers[i].number);
        ck_assert_str_eq(text.data, numbers[i].text);
        nn_text_free(&text);
    }
    nn_random random = nn_random_stream(5, NN_RANDOM_LAYER, 0, 0);
    for (int i = 0; i < 5000; i++) {
        const uint64_t bits = (uint64_t)nn_random_bits(&random) << 32 | nn_random_bits(&random);
        double number;
        memcpy(&number, &bits, sizeof number);
        if (!isnormal(number))
            continue;
        nn_text text = NN_TEXT_INIT;
        nn_text_append_number(&text, number);
        ck_assert(nn_parse_number(text.data, NULL) == number);
        size_t digits = 0;
        for (const char *c = text.data; *c != '\0' && *c != 'e'; c++)
            digits += *c >= '0' && *c <= '9' && (*c != '0' || digits > 0);
        char shorter[400];
        snprintf(shorter, sizeof shorter, "%.*g", (int)digits - 1, number);
        ck_assert_msg(strtod(shorter, NULL) != number, "%s isn't the shortest: %s", text.data,
                      shorter);
        nn_text_free(&text);
    }
}
END_TEST

START_TEST(edit_distance_counts_insertions_deletions_changes_and_swaps)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } pairs[] = {
        {"", "", 0},         {"", "abc", 3},           {"abc", "", 3},      {"relu", "relu", 0},
        {"rleu", "relu", 1}, {"relux", "relu", 1},     {"rel", "relu", 1},  {"rela", "relu", 1},
        {"elur", "relu", 2}, {"kitten", "sitting", 3}, {"abcd", "badc", 2}, {"softmax", "sgd", 6},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        ck_assert_uint_eq(nn_edit_distance(pairs[i].a, pairs[i].b), pairs[i].distance);
        ck_assert_uint_eq(nn_edit_distance(pairs[i].b, pairs[i].a), pairs[i].distance);
    }
    char a[501], b[501];
    memset(a, 'a', 500);
    memset(b, 'b', 500);
    a[500] = b[500] = '\0';
    ck_assert_uint_ge(nn_edit_distance(a, b), 63); /* long words are cut, not overrun */
}
END_TEST

/* ---- messages ---- */

START_TEST(a_message_is_of_its_own_thread_cut_and_prefixed)
{
    char *text = malloc(5000);
    memset(text, 'x', 4999);
    text[4999] = '\0';
    ck_assert_int_eq(nn_fail(NN_ERR_IO, "%s", text), NN_ERR_IO);
    ck_assert_uint_lt(strlen(nn_error_message()), 1024);
    ck_assert_int_eq(nn_fail(NN_ERR_SHAPE, "inner %d", 3), NN_ERR_SHAPE);
    ck_assert_int_eq(nn_fail_in(NN_ERR_IO, "outer"), NN_ERR_IO);
    ck_assert_str_eq(nn_error_message(), "outer: inner 3");
    nn_fail(NN_ERR_IO, "again: %s", nn_error_message());
    ck_assert_str_eq(nn_error_message(), "again: outer: inner 3");
    free(text);
}
END_TEST

START_TEST(every_status_has_words_of_its_own)
{
    static const nn_status statuses[] = {
        NN_OK,        NN_STOPPED,       NN_ERR_INVALID,     NN_ERR_NO_MEMORY,
        NN_ERR_IO,    NN_ERR_FORMAT,    NN_ERR_UNSUPPORTED, NN_ERR_SHAPE,
        NN_ERR_STATE, NN_ERR_NONFINITE, NN_ERR_VERSION,     (nn_status)-12345,
    };
    for (size_t i = 0; i < COUNT(statuses); i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(nn_status_string(statuses[i]), nn_status_string(statuses[j]));
    ck_assert_str_eq(nn_version(), "1.0.0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("texts");
    TCase *tcase = add_case(suite, "texts", NULL, NULL);
    tcase_add_test(tcase, a_text_is_cut_to_the_buffer_and_its_length_told);
    tcase_add_test(tcase, a_text_that_fails_once_has_failed);
    tcase_add_test(tcase, numbers_are_written_shortest_and_read_back);
    tcase_add_test(tcase, edit_distance_counts_insertions_deletions_changes_and_swaps);

    tcase = add_case(suite, "messages", NULL, NULL);
    tcase_add_test(tcase, a_message_is_of_its_own_thread_cut_and_prefixed);
    tcase_add_test(tcase, every_status_has_words_of_its_own);
    return run_suite(suite);
}
