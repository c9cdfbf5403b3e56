/* What every optimizer has: options in common, state that is saved, a learning rate that can be read and
 * set. The steps themselves are compared with Keras's in test_golden_optimizers.c. */
#include "elementwise.h"
#include "fitting.h"
#include "model.h"
#include "schedule.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static blobs points;
static nn_dataset *data, *linear_data; /* with labels, and with values */

static void setup(void)
{
    fill_blobs(&points);
    data = blob_dataset(&points);
    OK(nn_dataset_from_arrays(&linear_data, BLOB_ROWS, points.x, NN_FLOAT32, 2, points.one_hot,
                              NN_FLOAT32, BLOB_CLASSES));
}

static void teardown(void)
{
    nn_dataset_free(data);
    nn_dataset_free(linear_data);
}

static const char *loss_for(const char *optimizer)
{
    return trains(optimizer) == LINEAR_MODEL ? "mean_squared_error"
                                             : "sparse_categorical_crossentropy";
}

static nn_model *new_model(const char *optimizer)
{
    static const char *const layers[] = {
        [ANY_MODEL] = "dense units=8 activation=tanh input_shape=(2); dropout rate=0.1; "
                      "dense units=3 activation=softmax",
        [NO_DROPOUT] = "dense units=8 activation=tanh input_shape=(2); "
                       "dense units=3 activation=softmax",
        [LINEAR_MODEL] = "dense units=3 input_shape=(2)",
    };
    return make_model(1, layers[trains(optimizer)], optimizer, loss_for(optimizer), NULL);
}

static const nn_dataset *data_for(const nn_model *model)
{
    return nn_loss_of(&model->outputs[0].loss)->target == NN_TARGET_LABELS ? data : linear_data;
}

static void train(nn_model *model, size_t batches)
{
    for (size_t i = 0; i < batches; i++) {
        nn_dataset *batch = slice_of(data_for(model), i % 3 * 30, 30);
        OK(nn_train_on_batch(model, batch, NULL, 0));
        nn_dataset_free(batch);
    }
}

struct bytes {
    unsigned char *at;
    size_t count;
};

static struct bytes save(const nn_model *model)
{
    struct bytes bytes;
    OK(nn_model_save_to_memory(model, NULL, 0, &bytes.count));
    bytes.at = malloc(bytes.count);
    ck_assert_ptr_nonnull(bytes.at);
    OK(nn_model_save_to_memory(model, bytes.at, bytes.count, NULL));
    return bytes;
}

/* A file holds the weights and all that training goes on from. */
static void check_same_state(const nn_model *a, const nn_model *b, const char *what)
{
    struct bytes of_a = save(a), of_b = save(b);
    ck_assert_msg(of_a.count == of_b.count && memcmp(of_a.at, of_b.at, of_a.count) == 0, "%s",
                  what);
    free(of_a.at);
    free(of_b.at);
}

/* ---- state ---- */

/* 3 + 6 batches, so that gradients are accumulated when the file is written. */
static void check_resuming(const char *optimizer)
{
    nn_model *whole = new_model(optimizer), *half = new_model(optimizer), *loaded, *copy;
    train(whole, 3);
    train(half, 3);
    struct bytes file = save(half);
    OK(nn_model_load_from_memory(&loaded, file.at, file.count));
    OK(nn_model_clone(&copy, half));
    train(whole, 6);
    train(loaded, 6);
    train(copy, 6);
    check_same_state(whole, loaded, optimizer);
    check_same_state(whole, copy, optimizer);
    free(file.at);
    nn_model_free(whole);
    nn_model_free(half);
    nn_model_free(loaded);
    nn_model_free(copy);
}

START_TEST(a_resumed_run_is_the_uninterrupted_one_bit_for_bit)
{
    const nn_part_type *type = nn_optimizer_room.parts[_i];
    check_resuming(type->name);
    check_resuming(type->sample);
    for (size_t i = 0; common_options[i] != NULL; i++) {
        char spec[512];
        snprintf(spec, sizeof spec, "%s %s", type->name, common_options[i]);
        if (takes(type->name, common_options[i]))
            check_resuming(spec);
    }
}
END_TEST

START_TEST(compiling_again_starts_the_optimizer_anew)
{
    const char *name = nn_optimizer_room.parts[_i]->name;
    nn_model *trained = new_model(name), *fresh;
    train(trained, 4);
    OK(nn_model_compile(trained, name, loss_for(name), NULL));
    fresh = new_model(name);
    ck_assert_uint_eq(trained->slot_count, fresh->slot_count);
    ck_assert_mem_eq(trained->slots, fresh->slots,
                     fresh->slot_count * fresh->trainable_size * sizeof(nn_real));
    ck_assert_mem_eq(trained->scalars, fresh->scalars, sizeof fresh->scalars);
    nn_model_free(trained);
    nn_model_free(fresh);
}
END_TEST

/* Rates so large that the weights overflow: everything is back where it was, and training goes on. */
START_TEST(divergence_puts_weights_and_state_back)
{
    const nn_part_type *type = nn_optimizer_room.parts[_i];
    nn_fit_options options = callback_options(3, 30, NULL, NULL);
    options.shuffle = 0;
    char spec[512];
    snprintf(spec, sizeof spec, "%s learning_rate=0.01", type->name);
    nn_model *model = new_model(spec), *before;
    OK(nn_fit(model, data_for(model), &options, NULL));
    OK(nn_model_clone(&before, model));
    OK(nn_model_set_learning_rate(model, 3e38));
    const nn_status status = nn_fit(model, data_for(model), &options, NULL);
    if (strcmp(type->name, "adafactor") == 0 || strcmp(type->name, "adadelta") == 0 ||
        strcmp(type->name, "lbfgs") == 0) {
        /* one bounds the rate, the next one's steps are too small to overflow by any, and the last looks for
         * a step that leads lower */
        ck_assert_int_eq(status, NN_OK);
    } else {
        ck_assert_msg(status == NN_ERR_NONFINITE, "%s: %d", spec, (int)status);
        ck_assert_ptr_nonnull(strstr(nn_error_message(), "Try a smaller learning_rate"));
        OK(nn_model_set_learning_rate(model, 0.01));
        model->epochs_started = before->epochs_started; /* this alone tells of the attempt */
        check_same_state(before, model, spec);
        train(model, 3);
        train(before, 3);
        check_same_state(before, model, spec);
    }
    nn_model_free(before);
    nn_model_free(model);
}
END_TEST

/* One input is always 0 and some units never fire: rows and columns of gradients are 0. */
START_TEST(gradients_of_zero_leave_all_weights_finite)
{
    static const float bias[8] = {0, 0, 0, 0, -100, -100, -100, -100};
    const char *name = nn_optimizer_room.parts[_i]->name;
    const bool is_linear = trains(name) == LINEAR_MODEL;
    nn_model *model = is_linear ? new_model(name)
                                : make_model(1,
                                             "dense units=8 activation=relu input_shape=(2); "
                                             "dense units=3 activation=softmax",
                                             name, "sparse_categorical_crossentropy", NULL);
    blobs flat = points;
    for (size_t i = 0; i < BLOB_ROWS; i++)
        flat.x[i][1] = 0;
    nn_dataset *batch;
    if (is_linear)
        OK(nn_dataset_from_arrays(&batch, BLOB_ROWS, flat.x, NN_FLOAT32, 2, flat.one_hot,
                                  NN_FLOAT32, BLOB_CLASSES));
    else
        batch = blob_dataset(&flat);
    OK(nn_model_set_weights(model, "dense/bias", bias, is_linear ? 3 : 8));
    for (size_t i = 0; i < 9; i++)
        OK(nn_train_on_batch(model, batch, NULL, 0));
    ck_assert(nn_all_finite(model->weights_size, model->weights));
    ck_assert(nn_all_finite(model->slot_count * model->trainable_size, model->slots));
    nn_dataset_free(batch);
    nn_model_free(model);
}
END_TEST

/* ---- options in common ---- */

START_TEST(accumulated_gradients_wait_for_their_step)
{
    nn_model *model = new_model("adam gradient_accumulation_steps=3");
    size_t count;
    float *start = weights_of(model, &count);
    train(model, 2);
    ck_assert(has_weights(model, start));
    train(model, 1);
    ck_assert(!has_weights(model, start));
    free(start);
    nn_model_free(model);
}
END_TEST

START_TEST(a_loss_scaled_by_a_power_of_two_gives_the_same_bits)
{
    static const char *const optimizers[] = {"sgd", "sgd momentum=0.9", "adam", "muon"};
    for (size_t i = 0; i < COUNT(optimizers); i++) {
        char spec[128];
        snprintf(spec, sizeof spec, "%s loss_scale_factor=1024", optimizers[i]);
        nn_model *plain = new_model(optimizers[i]), *scaled = new_model(spec);
        train(plain, 9);
        train(scaled, 9);
        ck_assert_msg(same_weights(plain, scaled), "%s", spec);
        nn_model_free(plain);
        nn_model_free(scaled);
    }
}
END_TEST

START_TEST(plain_sgd_alone_is_folded_and_steps_alike)
{
    nn_model *folded = new_model("sgd learning_rate=0.1");
    nn_model *apart = new_model("sgd learning_rate=0.1 clipvalue=1e30");
    nn_model *scheduled = new_model("sgd learning_rate=piecewise_constant_decay(boundaries=1000, "
                                    "values=(0.1, 0))");
    ck_assert(nn_optimizer_folds(&folded->optimizer));
    ck_assert(nn_optimizer_folds(&scheduled->optimizer));
    ck_assert(!nn_optimizer_folds(&apart->optimizer));
    train(folded, 30);
    train(apart, 30);
    train(scheduled, 30);
    ck_assert(same_weights(folded, scheduled));
    for (size_t i = 0; i < folded->weights_size; i++)
        ck_assert_double_le(fabs((double)folded->weights[i] - (double)apart->weights[i]), 1e-5);
    static const char *const unfolded[] = {"sgd momentum=0.1",
                                           "sgd weight_decay=0.1",
                                           "sgd clipnorm=1",
                                           "sgd global_clipnorm=1",
                                           "sgd use_ema=true",
                                           "sgd gradient_accumulation_steps=2",
                                           "adam"};
    for (size_t i = 0; i < COUNT(unfolded); i++) {
        nn_part part;
        OK(nn_part_parse(&part, &nn_optimizer_room, unfolded[i]));
        ck_assert_msg(!nn_optimizer_folds(&part), "%s", unfolded[i]);
        nn_part_free(&part);
    }
    nn_model_free(folded);
    nn_model_free(apart);
    nn_model_free(scheduled);
}
END_TEST

START_TEST(the_moving_average_is_used_on_request)
{
    nn_model *model = new_model("sgd learning_rate=0.5 use_ema=true ema_momentum=0.5");
    nn_model *plain = new_model("sgd learning_rate=0.5"), *start = new_model("sgd");
    FAILS(nn_model_swap_ema_weights(NULL), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_swap_ema_weights(plain), NN_ERR_STATE, "compile with use_ema=true");
    FAILS(nn_model_swap_ema_weights(model), NN_ERR_STATE, "before the first step");
    train(model, 1);
    size_t count;
    float *first = weights_of(model, &count);
    OK(nn_model_swap_ema_weights(model));
    ck_assert(has_weights(model, first)); /* it begins with the weights of the first step */
    OK(nn_model_swap_ema_weights(model));
    train(model, 1);
    float *second = weights_of(model, &count);
    double losses[2];
    OK(nn_evaluate(model, data, &losses[0], 1));
    OK(nn_model_swap_ema_weights(model));
    float *average = weights_of(model, &count);
    for (size_t i = 0; i < count; i++)
        ck_assert_double_le(fabs((double)average[i] - 0.5 * ((double)first[i] + (double)second[i])),
                            1e-6);
    OK(nn_evaluate(model, data, &losses[1], 1));
    ck_assert_double_ne(losses[0], losses[1]);
    OK(nn_model_swap_ema_weights(model));
    ck_assert(has_weights(model, second));
    free(first);
    free(second);
    free(average);
    nn_model_free(model);
    nn_model_free(plain);
    nn_model_free(start);
}
END_TEST

static const struct {
    const char *spec, *message;
} refused[] = {
    {"adam beta_1=1", "beta_1 is 1, expected a number in [0, 1)"},
    {"adam beta_2=1.5", "beta_2 is 1.5"},
    {"nadam beta_1=-0.1", "beta_1 is -0.1"},
    {"lion beta_1=0", "beta_1 is 0, expected a number in (0, 1]"},
    {"adam epsilon=0", "epsilon is 0, expected a number >= 1e-30"},
    {"adam learning_rate=-0.1", "learning_rate is -0.1, expected a number >= 0"},
    {"adam learning_rate=none", "learning_rate is none, expected a number or a schedule"},
    {"adam learning_rate=cosin_decay", "did you mean 'cosine_decay'?"},
    {"adam learning_rate=cosine_decay", "option initial_learning_rate is missing"},
    {"sgd learning_rate=cosine_decay(initial_learning_rate=1, decay_steps=0)",
     "learning_rate: cosine_decay: decay_steps is 0, expected a number > 0"},
    {"sgd learning_rate=piecewise_constant_decay(boundaries=(1,2), values=(1,2))",
     "2 values and 2 boundaries, expected one more of values"},
    {"sgd learning_rate=piecewise_constant_decay(boundaries=(2,2), values=(1,2,3))",
     "boundaries has 2 after 2, expected rising numbers"},
    {"sgd learning_rate=piecewise_constant_decay(boundaries=(), values=1)", "boundaries is empty"},
    {"sgd learning_rate=piecewise_constant_decay(boundaries=1, values=(1,-2))", "values is -2"},
    {"adamw weight_decay=none", "weight_decay is none"},
    {"sgd weight_decay=-1", "weight_decay is -1"},
    {"sgd clipnorm=0", "clipnorm is 0, expected a number > 0"},
    {"sgd clipnorm=1 clipvalue=1", "more than one of clipnorm, clipvalue and global_clipnorm"},
    {"muon global_clipnorm=1 clipvalue=1", "give one of them"},
    {"sgd use_ema=1", "use_ema is 1, expected true or false"},
    {"sgd ema_momentum=1.01", "ema_momentum is 1.01"},
    {"sgd ema_overwrite_frequency=0", "ema_overwrite_frequency is 0"},
    {"sgd gradient_accumulation_steps=1", "gradient_accumulation_steps is 1"},
    {"ftrl learning_rate_power=0.5", "learning_rate_power is 0.5, expected a number <= 0"},
    {"ftrl initial_accumulator_value=0", "initial_accumulator_value is 0"},
    {"rmsprop rho=1", "rho is 1"},
    {"muon exclude_layers=(dense,'dense_[12]')", "exclude_layers has 'dense_[12]'"},
};

START_TEST(what_makes_no_sense_is_refused_with_a_reason)
{
    nn_part part;
    FAILS(nn_part_parse(&part, &nn_optimizer_room, refused[_i].spec), NN_ERR_INVALID,
          refused[_i].message);
    ck_assert_ptr_null(part.type);
}
END_TEST

/* ---- the learning rate ---- */

START_TEST(the_rate_is_the_next_steps_and_can_be_set)
{
    nn_model *model = new_model("sgd learning_rate=0.1"),
             *again = new_model("sgd learning_rate=0.1");
    nn_model *bare = make_model(1, "dense units=1 input_shape=(2)", NULL, NULL, NULL), *copy;
    ck_assert_double_eq(nn_model_learning_rate(NULL), 0);
    ck_assert_double_eq(nn_model_learning_rate(bare), 0);
    ck_assert_double_eq(nn_model_learning_rate(model), 0.1);
    train(model, 2);
    train(again, 2);
    OK(nn_model_set_learning_rate(model, 0.025));
    OK(nn_model_compile(again, "sgd learning_rate=0.025", "sparse_categorical_crossentropy", NULL));
    again->iteration = model->iteration; /* which names what dropout drops */
    ck_assert_double_eq(nn_model_learning_rate(model), 0.025);
    train(model, 3);
    train(again, 3);
    ck_assert(same_weights(model, again));
    OK(nn_model_clone(&copy, model));
    ck_assert_double_eq(nn_model_learning_rate(copy), 0.025);
    check_same_state(model, copy, "set learning rate");
    nn_model_free(copy);
    struct bytes file = save(model);
    OK(nn_model_load_from_memory(&copy, file.at, file.count));
    ck_assert_double_eq(nn_model_learning_rate(copy), 0.025);
    FAILS(nn_model_set_learning_rate(NULL, 1), NN_ERR_INVALID, "model is NULL");
    FAILS(nn_model_set_learning_rate(bare, 1), NN_ERR_STATE, "isn't compiled");
    FAILS(nn_model_set_learning_rate(model, -1), NN_ERR_INVALID, "learning_rate is -1");
    FAILS(nn_model_set_learning_rate(model, (double)NAN), NN_ERR_INVALID, "learning_rate is");
    FAILS(nn_model_set_learning_rate(model, 1e39), NN_ERR_INVALID, "learning_rate is 1e+39");
    ck_assert_double_eq(nn_model_learning_rate(model), 0.025);
    free(file.at);
    nn_model_free(copy);
    nn_model_free(bare);
    nn_model_free(again);
    nn_model_free(model);
}
END_TEST

START_TEST(a_schedule_sets_the_rate_of_each_step)
{
    nn_model *model = new_model("adam learning_rate=piecewise_constant_decay(boundaries=(1,3), "
                                "values=(0.5,0.25,0.125)) gradient_accumulation_steps=2");
    static const double rates[] = {0.5, 0.5, 0.25, 0.25, 0.125, 0.125};
    for (size_t i = 0; i < 6; i++) {
        ck_assert_double_eq(nn_model_learning_rate(model), rates[i]);
        train(model, 1);
    }
    FAILS(nn_model_set_learning_rate(model, 0.1), NN_ERR_STATE,
          "the learning rate is piecewise_constant_decay's");
    struct bytes file = save(model);
    char *text = calloc(file.count + 1, 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < file.count; i++)
        text[i] = (char)(file.at[i] == 0 ? ' ' : file.at[i]);
    ck_assert_ptr_nonnull(
        strstr(text, "\\\"learning_rate\\\":{\\\"module\\\":\\\"keras.optimizers.schedules\\\","
                     "\\\"class_name\\\":\\\"PiecewiseConstantDecay\\\",\\\"config\\\":{"
                     "\\\"boundaries\\\":[1.0,3.0],\\\"values\\\":[0.5,0.25,0.125]}"));
    free(text);
    free(file.at);
    nn_model_free(model);
}
END_TEST

static void *set_elsewhere(void *model)
{
    FAILS(nn_model_set_learning_rate(model, 1), NN_ERR_STATE, "in use by another thread");
    FAILS(nn_model_swap_ema_weights(model), NN_ERR_STATE, "in use by another thread");
    return NULL;
}

/* Halves the rate after each epoch, and looks at the moving average. */
static nn_status halve(const nn_event *event, void *user)
{
    double *seen = user;
    if (event->kind != NN_EVENT_EPOCH_END)
        return NN_OK;
    seen[event->epoch] = nn_model_learning_rate(event->model);
    OK(nn_model_set_learning_rate(event->model, seen[event->epoch] / 2));
    size_t count;
    float *weights = weights_of(event->model, &count);
    OK(nn_model_swap_ema_weights(event->model));
    ck_assert(!has_weights(event->model, weights));
    OK(nn_model_swap_ema_weights(event->model));
    ck_assert(has_weights(event->model, weights));
    free(weights);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, set_elsewhere, event->model), 0);
    pthread_join(thread, NULL);
    FAILS(nn_train_on_batch(event->model, data, NULL, 0), NN_ERR_STATE, "callback");
    return NN_OK;
}

START_TEST(a_callback_may_set_the_rate_of_the_model_being_trained)
{
    static const char optimizer[] = "sgd learning_rate=0.4 momentum=0.5 use_ema=true";
    nn_model *model = new_model(optimizer), *steps = new_model(optimizer);
    double seen[3];
    nn_fit_options options = callback_options(3, 30, halve, seen);
    options.shuffle = 0;
    OK(nn_fit(model, data, &options, NULL));
    for (size_t i = 0; i < 3; i++) {
        ck_assert_double_eq(seen[i], 0.4 / (double)(1 << i));
        OK(nn_model_set_learning_rate(steps, seen[i]));
        train(steps, 3);
    }
    ck_assert(same_weights(model, steps));
    ck_assert_double_eq(nn_model_learning_rate(model), 0.05);
    nn_model_free(model);
    nn_model_free(steps);
}
END_TEST

/* Restarts fall on the step they are meant for, where a logarithm alone may miss them. */
START_TEST(restarts_begin_at_the_initial_rate)
{
    static const struct {
        const char *spec;
        double t_mul;
    } cases[] = {
        {"cosine_decay_restarts initial_learning_rate=1 first_decay_steps=10 t_mul=1", 1},
        {"cosine_decay_restarts initial_learning_rate=1 first_decay_steps=10", 2},
        {"cosine_decay_restarts initial_learning_rate=1 first_decay_steps=10 t_mul=3", 3},
        {"cosine_decay_restarts initial_learning_rate=1 first_decay_steps=10 t_mul=10", 10},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_part part;
        OK(nn_part_parse(&part, &nn_schedule_room, cases[i].spec));
        const nn_schedule *schedule = nn_schedule_of(&part);
        double length = 10;
        for (uint64_t begin = 0, n = 0; n < 12; n++) {
            ck_assert_double_eq_tol(schedule->rate(part.self, begin), 1, 1e-9);
            begin += (uint64_t)length;
            ck_assert_double_le(schedule->rate(part.self, begin - 1), 0.03);
            length *= cases[i].t_mul;
        }
        nn_part_free(&part);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizers");
    TCase *tests = tcase_create("optimizers");
    const int parts = (int)nn_optimizer_room.count;
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, a_resumed_run_is_the_uninterrupted_one_bit_for_bit, 0, parts);
    tcase_add_loop_test(tests, compiling_again_starts_the_optimizer_anew, 0, parts);
    tcase_add_loop_test(tests, gradients_of_zero_leave_all_weights_finite, 0, parts);
    tcase_add_loop_test(tests, divergence_puts_weights_and_state_back, 0, parts);
    tcase_add_test(tests, accumulated_gradients_wait_for_their_step);
    tcase_add_test(tests, a_loss_scaled_by_a_power_of_two_gives_the_same_bits);
    tcase_add_test(tests, plain_sgd_alone_is_folded_and_steps_alike);
    tcase_add_test(tests, the_moving_average_is_used_on_request);
    tcase_add_loop_test(tests, what_makes_no_sense_is_refused_with_a_reason, 0,
                        (int)(COUNT(refused)));
    tcase_add_test(tests, the_rate_is_the_next_steps_and_can_be_set);
    tcase_add_test(tests, a_schedule_sets_the_rate_of_each_step);
    tcase_add_test(tests, a_callback_may_set_the_rate_of_the_model_being_trained);
    tcase_add_test(tests, restarts_begin_at_the_initial_rate);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
