/* Every part: found by its names, written as the spec that makes it again, copied, explained; without memory. */
#include "faults.h"
#include "rooms.h"
#include "status.h"
#include "suite.h"
#include "text.h"
#include <string.h>

/* ---- names ---- */

START_TEST(a_misspelt_part_is_named_with_its_nearest)
{
    const nn_room *room = rooms[_i];
    for (size_t i = 0; i < room->count; i++) {
        nn_part part;
        nn_text spec = NN_TEXT_INIT, hint = NN_TEXT_INIT;
        nn_text_append(&spec, "%sq", room->parts[i]->name);
        nn_text_append(&hint, "unknown %s '%s'; did you mean '%s'? known: ", room->kind, spec.data,
                       room->parts[i]->name);
        ck_assert_int_eq(nn_part_parse(&part, room, spec.data), NN_ERR_INVALID);
        expect_message(hint.data, spec.data);
        ck_assert_int_eq(nn_part_parse(&part, room, "zzzzzzzzzzzzzzzz"), NN_ERR_INVALID);
        expect_message(room->parts[i]->name, "known parts");
        ck_assert_ptr_null(strstr(nn_error_message(), "did you mean"));
        nn_text_free(&spec);
        nn_text_free(&hint);
    }
}
END_TEST

START_TEST(names_aliases_and_class_names_find_a_part)
{
    char buffer[64];
    ck_assert_str_eq(nn_room_find(&nn_loss_room, "mse")->name, "mean_squared_error");
    ck_assert_str_eq(nn_room_find(&nn_metric_room, "acc")->name, "accuracy");
    ck_assert_str_eq(nn_room_find(&nn_loss_room, "MSE")->name, "mean_squared_error");
    ck_assert_ptr_null(nn_room_find(&nn_loss_room, "Mse"));
    ck_assert_ptr_null(nn_room_find(&nn_loss_room, "MSEX"));
    ck_assert_ptr_null(nn_room_find(&nn_loss_room, "MS"));
    for (size_t r = 0; r < COUNT(rooms); r++)
        for (size_t i = 0; i < rooms[r]->count; i++) {
            const nn_part_type *type = rooms[r]->parts[i];
            const char *class_name = nn_part_class_name(type, buffer, sizeof buffer);
            ck_assert_ptr_eq(nn_room_find(rooms[r], class_name), type);
            ck_assert_ptr_eq(nn_room_find(rooms[r], type->name), type);
        }
    ck_assert_str_eq(nn_part_class_name(nn_room_find(&nn_initializer_room, "glorot_uniform"),
                                        buffer, sizeof buffer),
                     "GlorotUniform");
}
END_TEST

START_TEST(help_names_every_option_and_no_infinite_bound)
{
    for (size_t r = 0; r < COUNT(rooms); r++)
        for (size_t i = 0; i < rooms[r]->count; i++) {
            const nn_part_type *type = rooms[r]->parts[i];
            const nn_option *const tables[] = {type->options, rooms[r]->common};
            nn_text text = NN_TEXT_INIT;
            nn_part_help(rooms[r], type, &text);
            ck_assert_ptr_nonnull(strstr(text.data, type->name));
            ck_assert_msg(strstr(text.data, "inf,") == NULL && strstr(text.data, "inf]") == NULL,
                          "%s", text.data);
            for (size_t t = 0; t < 2; t++)
                for (const nn_option *o = tables[t]; o != NULL && o->name != NULL; o++) {
                    ck_assert_ptr_nonnull(strstr(text.data, o->name));
                    ck_assert_ptr_nonnull(strstr(text.data, o->help));
                }
            nn_text_free(&text);
        }
    char help[4096];
    OK(nn_help("leaky_relu", help, sizeof help, NULL));
    ck_assert_ptr_nonnull(strstr(help, "number >= 0; default 0.2; slope"));
    OK(nn_help("relu", help, sizeof help, NULL));
    ck_assert_ptr_nonnull(strstr(help, "number or none >= 0; default none; the largest output"));
    OK(nn_help("rescaling", help, sizeof help, NULL));
    ck_assert_ptr_nonnull(strstr(help, "number; required; factor"));
    OK(nn_help("dropout", help, sizeof help, NULL));
    ck_assert_ptr_nonnull(strstr(help, "number in [0, 1]; required"));
}
END_TEST

/* ---- writing ---- */

static void write_again(const nn_room *room, const char *spec, bool nested, const char *wanted)
{
    nn_part part, copy;
    nn_text first = NN_TEXT_INIT, second = NN_TEXT_INIT, third = NN_TEXT_INIT;
    OK(nn_part_parse(&part, room, spec));
    nn_part_write(&part, nested, &first);
    OK(nn_part_clone(&copy, &part));
    nn_part_write(&copy, nested, &second);
    nn_part_free(&copy);
    ck_assert_str_eq(first.data, second.data);
    OK(nn_part_parse(&copy, room, first.data));
    nn_part_write(&copy, nested, &third);
    ck_assert_str_eq(first.data, third.data);
    if (wanted != NULL)
        ck_assert_str_eq(first.data, wanted);
    nn_part_free(&copy);
    nn_part_free(&part);
    nn_text_free(&first);
    nn_text_free(&second);
    nn_text_free(&third);
}

START_TEST(a_part_is_written_as_the_spec_that_makes_it_again)
{
    for (size_t r = 0; r < COUNT(rooms); r++)
        for (size_t i = 0; i < rooms[r]->count; i++) {
            write_again(rooms[r], rooms[r]->parts[i]->sample, false, NULL);
            write_again(rooms[r], rooms[r]->parts[i]->sample, true, NULL);
        }
    static const char *const lines[] = {
        "dense units=3",
        "dense name='two words and a ''' input_shape=(3,4) units=7 activation=relu(max_value=6) "
        "use_bias=false kernel_initializer=orthogonal(gain=0.1, seed=18446744073709551615) "
        "bias_initializer=constant(value=-1e-30)",
        "dropout rate=0.3333333333333333 seed=0",
        "rescaling scale=-0.00392156862745098 offset=1e+20",
    };
    for (size_t i = 0; i < COUNT(lines); i++)
        write_again(&nn_layer_room, lines[i], false, lines[i]);
    /* defaults are left out, and none is a default */
    write_again(&nn_layer_room,
                "dense units=3 use_bias=true activation=none kernel_initializer=none name=none "
                "input_shape=none",
                false, "dense units=3");
    static const char *const optimizers[] = {
        "sgd learning_rate=cosine_decay(initial_learning_rate=0.1, decay_steps=1000)",
        "sgd clipnorm=0.5 gradient_accumulation_steps=4 "
        "learning_rate=piecewise_constant_decay(boundaries=(1,2.5), values=(1,0.5,1e-30))",
        "muon weight_decay=none adam_weight_decay=0.5 exclude_layers=('dense_1','out') "
        "rms_rate=none",
        "sgd learning_rate=0.5",
    };
    for (size_t i = 0; i < COUNT(optimizers); i++)
        write_again(&nn_optimizer_room, optimizers[i], false, optimizers[i]);
    write_again(&nn_optimizer_room, "adamw weight_decay=0.004 learning_rate=0.001 use_ema=false",
                false, "adamw");
    write_again(&nn_optimizer_room, "muon rms_rate=0.2 weight_decay=4e-3 exclude_layers=none",
                false, "muon");
    write_again(&nn_activation_room, "relu max_value=none threshold=0", true, "relu");
    write_again(&nn_activation_room, "relu max_value=0", true, "relu(max_value=0)");
    write_again(&nn_layer_room, "dense units=3 input_shape=4", false,
                "dense input_shape=(4) units=3");
    write_again(&nn_layer_room, "dense units=3 inputs=a_1", false, "dense inputs=('a_1') units=3");
    write_again(&nn_layer_room, "add inputs=(b, 'it''s') name=c", false,
                "add name='c' inputs=('b','it''s')");
    write_again(&nn_layer_room, "dense units=3 inputs=none", false, "dense units=3");
    write_again(&nn_layer_room, "concatenate axis=-2", true, "concatenate(axis=-2)");
}
END_TEST

/* ---- memory that runs out ---- */

/* Parses, writes, copies; frees all. */
static nn_status handle_part(const nn_room *room, const char *spec)
{
    nn_part part, copy = {.type = NULL};
    NN_TRY(nn_part_parse(&part, room, spec));
    nn_status status = nn_part_clone(&copy, &part);
    ck_assert((status == NN_OK) == (copy.type != NULL));
    nn_part_free(&part);
    nn_part_free(&copy);
    return status;
}

static void fail_each_allocation(const nn_room *room, const char *spec, nn_status otherwise)
{
    const long blocks = faults_live_blocks();
    for (size_t k = 1;; k++) {
        faults_fail_allocation(k, k % 2 == 0); /* that one only, or it and all later ones */
        const nn_status status = handle_part(room, spec);
        const bool failed = faults_calls() >= k;
        faults_reset();
        ck_assert_int_eq(faults_live_blocks(), blocks);
        if (!failed) {
            ck_assert_int_eq(status, otherwise);
            ck_assert_uint_gt(k, 1);
            return;
        }
        if (otherwise == NN_OK) {
            ck_assert_msg(status == NN_ERR_NO_MEMORY || (status == NN_OK && k % 2 == 0),
                          "%s, allocation %zu: status %d", spec, k, (int)status);
        } else {
            ck_assert_int_lt(status, NN_OK);
        }
    }
}

START_TEST(no_failed_allocation_of_a_part_leaks_or_is_overlooked)
{
    const nn_room *room = rooms[_i];
    for (size_t i = 0; i < room->count; i++)
        fail_each_allocation(room, room->parts[i]->sample, NN_OK);
    fail_each_allocation(room, "no_such_part a=1 b='x' c=(1,2) d=f(x=1)", NN_ERR_INVALID);
    if (room == &nn_layer_room) {
        fail_each_allocation(room,
                             "dense name='a ''b' input_shape=(3,4) units=7 activation=relu("
                             "max_value=6) kernel_initializer=orthogonal(gain=0.1, seed=5)",
                             NN_OK);
        fail_each_allocation(room, "dense units=3 activation=relu(slope=3)", NN_ERR_INVALID);
        fail_each_allocation(room, "dense units=0", NN_ERR_INVALID);
        fail_each_allocation(room, "concatenate axis=1 inputs=(a, 'b c')", NN_OK);
        fail_each_allocation(room, "add inputs=(a, 3)", NN_ERR_INVALID);
    }
    if (room == &nn_optimizer_room) {
        fail_each_allocation(
            room,
            "muon exclude_layers=(a,b) learning_rate=piecewise_constant_decay(boundaries=(1,2), "
            "values=(1,2,3))",
            NN_OK);
        fail_each_allocation(room,
                             "muon exclude_layers=(a,true) learning_rate=piecewise_constant_decay("
                             "boundaries=(1,2), values=(1,-2,3))",
                             NN_ERR_INVALID);
        fail_each_allocation(room,
                             "sgd learning_rate=piecewise_constant_decay(boundaries=(1,2), "
                             "values=(1,-2,3))",
                             NN_ERR_INVALID);
    }
    if (room == &nn_callback_room)
        fail_each_allocation(room, "progress_bar style=none", NN_ERR_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("part_specs");
    TCase *tcase = add_case(suite, "names", NULL, NULL);
    tcase_add_loop_test(tcase, a_misspelt_part_is_named_with_its_nearest, 0, COUNT(rooms));
    tcase_add_test(tcase, names_aliases_and_class_names_find_a_part);
    tcase_add_test(tcase, help_names_every_option_and_no_infinite_bound);

    tcase = add_case(suite, "writing", NULL, NULL);
    tcase_add_test(tcase, a_part_is_written_as_the_spec_that_makes_it_again);

    tcase = add_case(suite, "memory that runs out", NULL, NULL);
    tcase_add_loop_test(tcase, no_failed_allocation_of_a_part_leaks_or_is_overlooked, 0,
                        COUNT(rooms));
    return run_suite(suite);
}
