/* The memory of models: the plan, what happens when memory runs out, the host's allocator. */
#include "allocate.h"
#include "faults.h"
#include "model.h"
#include "random.h"
#include "small_model.h"
#include "status.h"
#include "suite.h"
#include "workspace.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- the memory plan ---- */

START_TEST(no_two_buffers_alive_at_once_overlap)
{
    enum { MOST = 24 };
    nn_random random = nn_random_stream(12, NN_RANDOM_LAYER, 0, 0);
    const size_t step = NN_ALIGNMENT / sizeof(nn_real);
    for (int round = 0; round < 500; round++) {
        nn_plan_buffer buffers[MOST];
        const size_t count = nn_random_below(&random, MOST + 1);
        size_t total = SIZE_MAX, sum = 0, peak = 0;
        for (size_t i = 0; i < count; i++) {
            const size_t first = nn_random_below(&random, 20);
            buffers[i] = (nn_plan_buffer){.size = nn_random_below(&random, 200),
                                          .first = first,
                                          .last = first + nn_random_below(&random, 8)};
        }
        size_t asked[MOST];
        for (size_t i = 0; i < count; i++)
            asked[i] = buffers[i].size;
        ck_assert(nn_plan_place(buffers, count, &total));
        for (size_t i = 0; i < count; i++) {
            sum += (asked[i] + step - 1) / step * step;
            ck_assert_uint_eq(buffers[i].offset % step, 0);
            ck_assert_uint_le(buffers[i].offset + asked[i], total);
            for (size_t j = 0; j < i; j++) {
                const bool together =
                    buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
                const bool apart = buffers[i].offset + asked[i] <= buffers[j].offset ||
                                   buffers[j].offset + asked[j] <= buffers[i].offset;
                ck_assert_msg(!together || apart || asked[i] == 0 || asked[j] == 0,
                              "round %d: buffers %zu and %zu overlap", round, i, j);
            }
        }
        for (size_t time = 0; time < 30; time++) {
            size_t alive = 0;
            for (size_t i = 0; i < count; i++)
                if (buffers[i].first <= time && time <= buffers[i].last)
                    alive += asked[i];
            peak = alive > peak ? alive : peak;
        }
        ck_assert(total >= peak && total <= sum);
    }
}
END_TEST

START_TEST(a_plan_that_no_memory_can_hold_is_refused)
{
    size_t total;
    nn_plan_buffer one = {.size = SIZE_MAX, .first = 0, .last = 1};
    ck_assert(!nn_plan_place(&one, 1, &total));
    nn_plan_buffer two[2] = {{.size = SIZE_MAX / 2 + 100, .last = 1},
                             {.size = SIZE_MAX / 2 + 100, .last = 1}};
    ck_assert(!nn_plan_place(two, 2, &total));
    nn_plan_buffer apart[2] = {{.size = 100, .first = 0, .last = 0},
                               {.size = 100, .first = 1, .last = 1}};
    ck_assert(nn_plan_place(apart, 2, &total));
    ck_assert_uint_eq(total, 112); /* one place for both, rounded up to the alignment */
    faults_fail_allocation(1, true);
    ck_assert(!nn_plan_place(apart, 2, &total));
    faults_reset();
}
END_TEST

/* ---- failures ---- */

/* A call that may fail once for want of memory; then it has changed nothing, so it can be repeated. */
#define REPEATED(call)                                                                             \
    do {                                                                                           \
        nn_status status_ = (call);                                                                \
        if (status_ == NN_ERR_NO_MEMORY)                                                           \
            status_ = (call);                                                                      \
        ck_assert_msg(status_ == NN_OK, "%s: %d, %s", #call, (int)status_, nn_error_message());    \
    } while (0)

static void work(const float *x, float *y)
{
    nn_model *model = NULL, *copy = NULL;
    REPEATED(nn_model_create(&model));
    for (const char *const *layer = small_layers; *layer != NULL; layer++)
        REPEATED(nn_model_add(model, *layer));
    REPEATED(nn_model_compile(model, small_optimizer, small_loss, "acc"));
    REPEATED(nn_predict(model, x, 3, y));
    REPEATED(nn_model_clone(&copy, model));
    nn_model_free(model);
    REPEATED(nn_predict(copy, x, 3, y));
    ck_assert_str_eq(nn_model_metric_name(copy, 1), "acc");
    nn_model_free(copy);
}

START_TEST(a_failed_allocation_changes_nothing_and_the_call_can_be_repeated)
{
    float *x = make_inputs(3 * SMALL_INPUTS), wanted[3 * SMALL_OUTPUTS], y[3 * SMALL_OUTPUTS];
    work(x, wanted);
    const long blocks = faults_live_blocks();
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        memset(y, 0, sizeof y);
        faults_fail_allocation(k, true);
        work(x, y);
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        ck_assert_mem_eq(y, wanted, sizeof y);
        ck_assert_uint_lt(k, 100000);
    }
    free(x);
}
END_TEST

/* When everything fails from the k-th call on. */
START_TEST(lasting_want_of_memory_is_told_and_leaks_nothing)
{
    float *x = make_inputs(3 * SMALL_INPUTS), y[3 * SMALL_OUTPUTS];
    const long blocks = faults_live_blocks();
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        nn_model *model = NULL, *copy = NULL;
        faults_fail_allocation(k, false);
        nn_status status = nn_model_create(&model);
        ck_assert((status == NN_OK) == (model != NULL));
        for (const char *const *layer = small_layers; *layer != NULL && status == NN_OK; layer++)
            status = nn_model_add(model, *layer);
        if (status == NN_OK)
            status = nn_model_compile(model, small_optimizer, small_loss, "acc");
        if (status == NN_OK)
            status = nn_predict(model, x, 3, y);
        if (status == NN_OK)
            status = nn_model_clone(&copy, model);
        ck_assert((status == NN_OK) == (copy != NULL));
        failed = faults_calls() >= k;
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        ck_assert_int_ne(nn_error_message()[0], failed ? '\0' : 1);
        nn_model_free(model);
        nn_model_free(copy);
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
    }
    free(x);
}
END_TEST

START_TEST(a_compile_without_memory_leaves_the_model_unbuilt)
{
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        nn_model *model = model_of(0, small_layers);
        faults_fail_allocation(k, true);
        const nn_status status = nn_model_compile(model, small_optimizer, small_loss, "acc");
        failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(status, failed ? NN_ERR_NO_MEMORY : NN_OK);
        if (failed) {
            OK(nn_model_set_seed(model, 1));
            OK(nn_model_add(model, "dense units=2"));
        }
        nn_model_free(model);
    }
}
END_TEST

struct host {
    long live;
    size_t calls, largest, limit;
    bool misaligned;
};

static void *host_allocate(void *user, size_t alignment, size_t size)
{
    struct host *host = user;
    void *memory = NULL;
    host->largest = size > host->largest ? size : host->largest;
    if (size == 0 || alignment > 64 || (alignment & (alignment - 1)) != 0)
        host->misaligned = true;
    if (size > host->limit || posix_memalign(&memory, alignment, size) != 0)
        return NULL;
    memset(memory, 0xa5, size); /* a host's memory isn't zeroed */
    host->live++;
    host->calls++;
    return memory;
}

static void host_release(void *user, void *memory)
{
    ((struct host *)user)->live--;
    free(memory);
}

START_TEST(the_hosts_allocator_is_used_for_everything)
{
    struct host host = {.limit = SIZE_MAX};
    nn_allocator allocator = {sizeof allocator, host_allocate, host_release, &host};
    float *x = make_inputs(40 * SMALL_INPUTS), y[40 * SMALL_OUTPUTS], wanted[40 * SMALL_OUTPUTS];
    int32_t labels[40] = {0};
    char *file = malloc(1 << 16);
    double values[2];
    nn_model *model, *copy, *loaded;
    nn_history *history;
    nn_dataset *data, *part;
    size_t length;
    nn_fit_options options = NN_FIT_OPTIONS_INIT;
    options.epochs = 2;
    options.validation_split = 0.25;

    allocator.struct_size = 1;
    FAILS(nn_set_allocator(&allocator), NN_ERR_INVALID, "struct_size");
    allocator.struct_size = sizeof allocator;
    allocator.release = NULL;
    FAILS(nn_set_allocator(&allocator), NN_ERR_INVALID, "release");
    allocator.release = host_release;
    OK(nn_set_allocator(&allocator));
    model = make_small(0);
    OK(nn_dataset_from_arrays(&data, 40, x, NN_FLOAT32, SMALL_INPUTS, labels, NN_INT32, 1));
    OK(nn_dataset_slice(&part, data, 3, 30));
    OK(nn_fit(model, part, &options, &history));
    OK(nn_evaluate(model, data, values, 2));
    OK(nn_predict(model, x, 40, wanted));
    OK(nn_model_clone(&copy, model));
    OK(nn_model_save_to_memory(model, file, 1 << 16, &length));
    OK(nn_model_load_from_memory(&loaded, file, length));
    OK(nn_predict(loaded, x, 40, y));
    ck_assert_mem_eq(y, wanted, sizeof y);
    OK(nn_model_summary(model, NULL, 0, &length));
    ck_assert_int_eq(nn_help("no_such_part", NULL, 0, &length), NN_ERR_INVALID);
    ck_assert(host.live > 0 && host.calls > 50 && !host.misaligned);
    nn_model_free(model);
    nn_model_free(copy);
    nn_model_free(loaded);
    nn_history_free(history);
    nn_dataset_free(data);
    nn_dataset_free(part);
    ck_assert_int_eq(host.live, 0);
    const size_t calls = host.calls;
    OK(nn_set_allocator(NULL));
    nn_model_free(make_small(0));
    ck_assert_uint_eq(host.calls, calls);
    free(x), free(file);
}
END_TEST

START_TEST(sizes_beyond_an_int_or_memory_are_refused_before_they_are_asked_for)
{
    struct host host = {.limit = 1 << 20};
    const nn_allocator allocator = {sizeof allocator, host_allocate, host_release, &host};
    static const struct {
        const char *first, *second;
        nn_status wanted;
    } adds[] = {
        {"dense units=2000000000 input_shape=(2000000000)", NULL, NN_ERR_INVALID},
        {"dense units=2147483648 input_shape=(1)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(65536,65536)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(4294967296,4294967296)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(9007199254740992,2048)", NULL, NN_ERR_INVALID},
        {"flatten input_shape=(46341,46341)", NULL, NN_ERR_INVALID},
        {"dense units=50000 input_shape=(50000,1)", "flatten", NN_ERR_INVALID}, /* the output */
        {"flatten input_shape=(46340,46340)", "dense units=2", NN_ERR_INVALID}, /* the kernel */
    };
    OK(nn_set_allocator(&allocator));
    for (size_t i = 0; i < COUNT(adds); i++) {
        nn_model *model;
        OK(nn_model_create(&model));
        nn_status status = nn_model_add(model, adds[i].first);
        if (adds[i].second != NULL && status == NN_OK)
            status = nn_model_add(model, adds[i].second);
        ck_assert_msg(status == adds[i].wanted, "%s: %d, %s", adds[i].first, (int)status,
                      nn_error_message());
        nn_model_free(model);
    }
    ck_assert_uint_lt(host.largest, 1 << 16);

    /* The most that an int can count, which the host doesn't have. */
    static const char *const large[] = {"dense units=2147483647 input_shape=(1)", NULL};
    float x[1] = {1}, y[1];
    nn_model *model = model_of(0, large);
    ck_assert_uint_eq(nn_model_parameter_count(model), 2 * (size_t)INT_MAX);
    FAILS(nn_model_compile(model, "sgd momentum=0.9", "mse", NULL), NN_ERR_NO_MEMORY, "memory");
    FAILS(nn_predict(model, x, 1, y), NN_ERR_NO_MEMORY, "memory");
    nn_model_free(model);

    nn_workspace *workspace;
    model = model_of(0, small_layers);
    FAILS(nn_workspace_create(&workspace, model, (size_t)INT_MAX + 1, false), NN_ERR_INVALID,
          "too large");
    ck_assert_ptr_null(workspace);
    FAILS(nn_workspace_create(&workspace, model, SIZE_MAX / 2, true), NN_ERR_INVALID, "too large");
    FAILS(nn_workspace_create(&workspace, model, INT_MAX, true), NN_ERR_NO_MEMORY, "memory");
    nn_model_free(model);
    ck_assert_int_eq(host.live, 0);
    OK(nn_set_allocator(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_memory");
    TCase *tcase = add_case(suite, "the memory plan", NULL, NULL);
    tcase_add_test(tcase, no_two_buffers_alive_at_once_overlap);
    tcase_add_test(tcase, a_plan_that_no_memory_can_hold_is_refused);

    tcase = add_case(suite, "failures", NULL, NULL);
    tcase_add_test(tcase, a_failed_allocation_changes_nothing_and_the_call_can_be_repeated);
    tcase_add_test(tcase, lasting_want_of_memory_is_told_and_leaks_nothing);
    tcase_add_test(tcase, a_compile_without_memory_leaves_the_model_unbuilt);
    tcase_add_test(tcase, the_hosts_allocator_is_used_for_everything);
    tcase_add_test(tcase, sizes_beyond_an_int_or_memory_are_refused_before_they_are_asked_for);
    return run_suite(suite);
}
