/* Shapes, names and memory: sizes that overflow are told, and nothing is lost when memory runs out. */
#include "allocate.h"
#include "faults.h"
#include "names.h"
#include "shape.h"
#include "suite.h"
#include <limits.h>
#include <string.h>

/* ---- shapes and names ---- */

START_TEST(shapes_are_checked_and_written_as_python_writes_them)
{
    nn_shape shape = {.rank = 2, .dimensions = {28, 28}};
    ck_assert_uint_eq(nn_shape_width(&shape), 784);
    ck_assert_str_eq(nn_shape_string(&shape).text, "(28, 28)");
    OK(nn_shape_check(&shape, "shape"));
    shape = nn_shape_1d(784);
    ck_assert_str_eq(nn_shape_string(&shape).text, "(784,)");
    ck_assert_str_eq(nn_shape_string(&(nn_shape){.rank = 0}).text, "()");
    shape = nn_shape_1d(INT_MAX);
    OK(nn_shape_check(&shape, "shape"));
    static const nn_shape bad[] = {
        {.rank = 0},
        {.rank = NN_MAX_RANK + 1},
        {.rank = 2, .dimensions = {3, 0}},
        {.rank = 1, .dimensions = {(size_t)INT_MAX + 1}},
        {.rank = 2, .dimensions = {65536, 32768}},
        {.rank = 2, .dimensions = {SIZE_MAX, 2}},
        {.rank = 3, .dimensions = {1ull << 32, 1ull << 31, 2}}, /* the product wraps to 0 */
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_int_eq(nn_shape_check(&bad[i], "what it is"), NN_ERR_INVALID);
        expect_message("what it is", "shape");
    }
    shape.rank = NN_MAX_RANK;
    for (size_t i = 0; i < NN_MAX_RANK; i++)
        shape.dimensions[i] = SIZE_MAX; /* the longest text */
    ck_assert_uint_eq(strlen(nn_shape_string(&shape).text),
                      2 + 20 * NN_MAX_RANK + 2 * (NN_MAX_RANK - 1));
}
END_TEST

START_TEST(names_are_copied_into_one_block)
{
    char first[] = "cat";
    const char *names[] = {first, "", "dog"};
    char **copy;
    const long blocks = faults_live_blocks();
    OK(nn_names_copy(&copy, names, 3));
    first[0] = 'b';
    ck_assert_str_eq(copy[0], "cat");
    ck_assert_str_eq(copy[1], "");
    ck_assert_str_eq(copy[2], "dog");
    ck_assert_int_eq(faults_live_blocks(), blocks + 1);
    nn_release(copy);
    OK(nn_names_copy(&copy, NULL, 0));
    ck_assert_ptr_null(copy);
    names[1] = NULL;
    ck_assert_int_eq(nn_names_copy(&copy, names, 3), NN_ERR_INVALID);
    ck_assert_int_eq(nn_names_copy(&copy, NULL, 3), NN_ERR_INVALID);
    ck_assert_ptr_null(copy);
}
END_TEST

/* ---- memory ---- */

START_TEST(sizes_that_overflow_are_told_and_leave_the_result_alone)
{
    size_t result = 42;
    ck_assert(!nn_multiply(SIZE_MAX, 2, &result) && result == 42);
    ck_assert(!nn_multiply(1ull << 32, 1ull << 32, &result) && result == 42);
    ck_assert(!nn_add(SIZE_MAX, 1, &result) && result == 42);
    ck_assert(nn_multiply(SIZE_MAX, 1, &result) && result == SIZE_MAX);
    ck_assert(nn_multiply(SIZE_MAX, 0, &result) && result == 0);
    ck_assert(nn_add(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
    ck_assert(nn_multiply(6, 7, &result) && result == 42);
    result = 6; /* the result may be an operand */
    ck_assert(nn_multiply(result, 7, &result) && result == 42);
}
END_TEST

START_TEST(memory_is_zeroed_aligned_and_refused_before_it_is_asked_for)
{
    const size_t asked = faults_bytes_asked();
    ck_assert_ptr_null(nn_allocate(SIZE_MAX, 2));
    expect_message("more than memory can hold", "allocate");
    ck_assert_ptr_null(nn_allocate(SIZE_MAX / 2 + 2, 1)); /* above PTRDIFF_MAX */
    ck_assert_ptr_null(nn_allocate(1ull << 33, 1ull << 33));
    ck_assert_uint_eq(faults_bytes_asked(), asked);
    for (size_t size = 0; size < 200; size += 33) {
        unsigned char *memory = nn_allocate(size, 1);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % NN_ALIGNMENT, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(memory[i], 0);
        memset(memory, 0xff, size); /* for the next */
        nn_release(memory);
    }
    nn_release(NULL);
}
END_TEST

START_TEST(growing_keeps_the_old_block_when_it_fails)
{
    const long blocks = faults_live_blocks();
    int *old = nn_allocate(2, sizeof *old);
    old[0] = 7, old[1] = 8;
    faults_fail_allocation(1, true);
    ck_assert_ptr_null(nn_grow(old, 2, 4, sizeof *old));
    faults_reset();
    ck_assert_ptr_null(nn_grow(old, 2, SIZE_MAX / 2, sizeof *old));
    ck_assert(old[0] == 7 && old[1] == 8);
    int *grown = nn_grow(old, 2, 4, sizeof *old);
    ck_assert(grown[0] == 7 && grown[1] == 8 && grown[2] == 0 && grown[3] == 0);
    nn_release(grown);
    ck_assert_int_eq(faults_live_blocks(), blocks);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tcase = add_case(suite, "shapes and names", NULL, NULL);
    tcase_add_test(tcase, shapes_are_checked_and_written_as_python_writes_them);
    tcase_add_test(tcase, names_are_copied_into_one_block);

    tcase = add_case(suite, "memory", NULL, NULL);
    tcase_add_test(tcase, sizes_that_overflow_are_told_and_leave_the_result_alone);
    tcase_add_test(tcase, memory_is_zeroed_aligned_and_refused_before_it_is_asked_for);
    tcase_add_test(tcase, growing_keeps_the_old_block_when_it_fails);
    return run_suite(suite);
}
