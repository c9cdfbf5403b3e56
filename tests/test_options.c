/* Options, by the rooms' tables: what each takes, what it refuses and how it says so. */
#include "allocate.h"
#include "rooms.h"
#include "spec.h"
#include "status.h"
#include "suite.h"
#include "text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The sample with one option set to what text says (NULL: left out). */
static nn_status create_with(nn_part *part, const nn_room *room, const nn_part_type *type,
                             const char *key, const char *text)
{
    nn_spec *spec, *source;
    nn_text line = NN_TEXT_INIT;
    OK(nn_spec_parse(&spec, type->sample));
    for (size_t i = 0; i < spec->count; i++)
        if (strcmp(spec->arguments[i].key, key) == 0) {
            nn_release(spec->arguments[i].key);
            nn_value_free(&spec->arguments[i].value);
            spec->arguments[i] = spec->arguments[--spec->count];
            break;
        }
    if (text != NULL) {
        nn_text_append(&line, "x v=%s", text);
        OK(nn_spec_parse(&source, line.data));
        OK(nn_spec_add(spec, key, &source->arguments[0].value));
        nn_spec_free(source);
        nn_text_free(&line);
    }
    nn_status status = nn_part_create(part, room, spec);
    nn_spec_free(spec);
    return status;
}

static void refuse(const nn_room *room, const nn_part_type *type, const nn_option *option,
                   const char *value)
{
    nn_part part;
    nn_status status = create_with(&part, room, type, option->name, value);
    ck_assert_msg(status == NN_ERR_INVALID, "%s %s=%s: status %d", type->name, option->name, value,
                  (int)status);
    ck_assert_ptr_null(part.type);
    expect_message(option->name, value);
    expect_message(type->name, value);
}

static void accept(const nn_room *room, const nn_part_type *type, const nn_option *option,
                   const char *value)
{
    nn_part part;
    nn_status status = create_with(&part, room, type, option->name, value);
    /* an optimizer that works on whole data has no use for a room's options for steps, and says so */
    if (status == NN_ERR_INVALID &&
        strstr(nn_error_message(), "this one works on all rows at once: leave it out") != NULL)
        return;
    ck_assert_msg(status == NN_OK, "%s %s=%s: %s", type->name, option->name, value,
                  nn_error_message());
    nn_part_free(&part);
}

static bool is_optional_choice(const nn_option *option)
{
    return option->type == NN_TYPE_CHOICE && option->default_text == NULL && !option->required;
}

#define SIZE_REFUSALS "true", "abc", "(1)", "1.5", "-1", "nan", "inf", "-0.5", "1e300", "f(a=1)"
#define REAL_REFUSALS                                                                              \
    "true", "abc", "(1,2)", "nan", "inf", "-inf", "1e999", "-1e999", "3.5e38", "f(a=1)"

static const char *const *wrong_values(const nn_option *option)
{
    static const char *const size[] = {"none", SIZE_REFUSALS, NULL};
    static const char *const optional_size[] = {SIZE_REFUSALS, NULL};
    static const char *const integer[] = {"true", "none", "abc",   "()",   "(1,2)",  "1.5", "nan",
                                          "inf",  "-0.5", "1e300", "1e10", "f(a=1)", NULL};
    static const char *const optional_integer[] = {
        "true", "abc", "()", "(1,2)", "1.5", "nan", "inf", "-0.5", "1e300", "1e10", "f(a=1)", NULL};
    static const char *const real[] = {"none", REAL_REFUSALS, NULL};
    static const char *const optional_real[] = {REAL_REFUSALS, NULL};
    static const char *const integers[] = {
        "true", "abc", "()", "1.5", "(a)", "(1e10)", "(1,2,3,4,5,6,7,8,9)", "(1,(2))", NULL};
    static const char *const reals[] = {
        "none",    "true",  "abc",    "()",      "nan",    "(none)", "(1,a)",   "(1,true)",
        "(1,inf)", "1e999", "(1e99)", "(1e999)", "f(a=1)", "((1))",  "(1,(2))", NULL};
    static const char *const real_or_part[] = {"none", REAL_REFUSALS, "no_such_part", NULL};
    static const char *const boolean[] = {"1", "yes", "none", "'true'", "(true)", NULL};
    static const char *const shape[] = {
        "true",    "abc",   "()",  "(0)",           "0",
        "(-1)",    "1.5",   "(a)", "(65536,65536)", "(1,2,3,4,5,6,7,8,9)",
        "(1,(2))", "1e300", NULL};
    static const char *const names[] = {"true",    "3",      "()",       "(1)",
                                        "(a,(b))", "f(a=1)", "(a,none)", NULL};
    static const char *const string[] = {"true", "(a)", "f(a=1)", NULL};
    static const char *const optional_choice[] = {"true", "3", "no_such_choice", "(auto)", NULL};
    static const char *const choice[] = {"true", "3", "no_such_choice", "none", "(auto)", NULL};
    static const char *const seed[] = {"true", "abc", "-1", "1.5", "18446744073709551616",
                                       "(1)",  "1e3", NULL};
    static const char *const part[] = {"3", "true", "(1)", "no_such_part", "no_such_part(a=1)",
                                       NULL};
    switch (option->type) {
    case NN_TYPE_SIZE:
        return size;
    case NN_TYPE_INTEGER:
        return integer;
    case NN_TYPE_INTEGERS:
        return integers;
    case NN_TYPE_OPTIONAL_SIZE:
        return optional_size;
    case NN_TYPE_OPTIONAL_INTEGER:
        return optional_integer;
    case NN_TYPE_REAL:
        return real;
    case NN_TYPE_OPTIONAL_REAL:
        return optional_real;
    case NN_TYPE_REALS:
        return option->required ? reals : reals + 1; /* none */
    case NN_TYPE_REAL_OR_PART:
        return real_or_part;
    case NN_TYPE_BOOL:
        return boolean;
    case NN_TYPE_SHAPE:
        return shape;
    case NN_TYPE_NAMES:
        return names;
    case NN_TYPE_STRING:
        return string;
    case NN_TYPE_CHOICE:
        return is_optional_choice(option) ? optional_choice : choice;
    case NN_TYPE_SEED:
        return seed;
    case NN_TYPE_PART:
        return part;
    }
    return NULL;
}

/* What is an option and not in bounds is refused; the bounds themselves are in, unless open. */
static void check_bound(const nn_room *room, const nn_part_type *type, const nn_option *option,
                        double bound, bool open, double outwards)
{
    char inside[64], outside[64];
    const bool whole = option->type == NN_TYPE_SIZE || option->type == NN_TYPE_OPTIONAL_SIZE ||
                       option->type == NN_TYPE_INTEGER;
    const double beyond = whole ? bound + copysign(1, outwards) : nextafter(bound, outwards);
    if (!isfinite(bound))
        return;
    snprintf(inside, sizeof inside, "%.17g", bound);
    snprintf(outside, sizeof outside, "%.17g", beyond);
    refuse(room, type, option, outside);
    if (open)
        refuse(room, type, option, inside);
    else if (option->type != NN_TYPE_REALS) /* how many there are may matter */
        accept(room, type, option, inside);
}

struct place {
    const nn_room *room;
    const nn_part_type *type;
};

static nn_status check_option(void *user, const nn_option *option, const void *value)
{
    const struct place *place = user;
    (void)value;
    ck_assert_msg(option->help != NULL && option->help[0] != '\0', "%s %s has no help",
                  place->type->name, option->name);
    for (const char *const *wrong = wrong_values(option); *wrong != NULL; wrong++)
        refuse(place->room, place->type, option, *wrong);
    if (option->type == NN_TYPE_SIZE || option->type == NN_TYPE_INTEGER ||
        option->type == NN_TYPE_OPTIONAL_SIZE || option->type == NN_TYPE_REAL ||
        option->type == NN_TYPE_OPTIONAL_REAL || option->type == NN_TYPE_REALS ||
        option->type == NN_TYPE_REAL_OR_PART) {
        check_bound(place->room, place->type, option, option->minimum, option->open_minimum,
                    -INFINITY);
        check_bound(place->room, place->type, option, option->maximum, option->open_maximum,
                    INFINITY);
    }
    if (option->type == NN_TYPE_REAL_OR_PART)
        for (size_t i = 0; i < option->room->count; i++) {
            nn_part part;
            nn_text nested = NN_TEXT_INIT;
            OK(nn_part_parse(&part, option->room, option->room->parts[i]->sample));
            nn_part_write(&part, true, &nested);
            accept(place->room, place->type, option, nested.data);
            nn_text_free(&nested);
            nn_part_free(&part);
        }
    if (option->type == NN_TYPE_OPTIONAL_SIZE || option->type == NN_TYPE_OPTIONAL_INTEGER ||
        option->type == NN_TYPE_OPTIONAL_REAL || option->type == NN_TYPE_SEED ||
        option->type == NN_TYPE_NAMES || is_optional_choice(option) ||
        (option->type == NN_TYPE_PART && !option->required))
        accept(place->room, place->type, option, "none");

    nn_part part;
    nn_status status = create_with(&part, place->room, place->type, option->name, NULL);
    if (option->required) {
        ck_assert_int_eq(status, NN_ERR_INVALID);
        expect_message("is missing", option->name);
        expect_message(option->name, option->name);
    } else {
        OK(status);
        nn_part_free(&part);
    }

    nn_text misspelt = NN_TEXT_INIT, hint = NN_TEXT_INIT;
    nn_text_append(&misspelt, "%sx", option->name);
    nn_text_append(&hint, "unknown option '%s'; ", misspelt.data);
    if (option->name[1] != '\0') /* nothing is near a name of one letter */
        nn_text_append(&hint, "did you mean '%s'?", option->name);
    ck_assert_int_eq(create_with(&part, place->room, place->type, misspelt.data, "1"),
                     NN_ERR_INVALID);
    expect_message(hint.data, option->name);
    expect_message("known: ", option->name);
    nn_text_free(&misspelt);
    nn_text_free(&hint);
    return NN_OK;
}

START_TEST(every_option_of_every_part_is_checked_against_its_table)
{
    const nn_room *room = rooms[_i];
    for (size_t i = 0; i < room->count; i++) {
        struct place place = {room, room->parts[i]};
        nn_part part;
        OK(nn_part_parse(&part, room, room->parts[i]->sample));
        nn_part_visit(&part, check_option, &place);
        nn_part_free(&part);
    }
}
END_TEST

START_TEST(an_option_given_twice_is_refused)
{
    nn_part part;
    ck_assert_int_eq(nn_part_parse(&part, &nn_layer_room, "dense units=3 units=3"), NN_ERR_INVALID);
    expect_message("option units is given twice", "dense");
    ck_assert_int_eq(nn_part_parse(&part, &nn_layer_room, "dense units=3 name=a name=b"),
                     NN_ERR_INVALID);
    expect_message("option name is given twice", "dense");
}
END_TEST

START_TEST(an_error_within_an_option_names_the_whole_way_to_it)
{
    nn_part part;
    ck_assert_int_eq(nn_part_parse(&part, &nn_layer_room,
                                   "dense units=3 kernel_initializer=random_normal(stddev=-1)"),
                     NN_ERR_INVALID);
    ck_assert_str_eq(nn_error_message(),
                     "dense: kernel_initializer: random_normal: stddev is -1, expected a number "
                     ">= 0");
    ck_assert_int_eq(nn_part_parse(&part, &nn_layer_room, "dropout rate=1.5"), NN_ERR_INVALID);
    ck_assert_str_eq(nn_error_message(), "dropout: rate is 1.5, expected a number in [0, 1]");
    ck_assert_int_eq(nn_part_parse(&part, &nn_layer_room, "dense units=3 activation=rleu"),
                     NN_ERR_INVALID);
    expect_message("dense: activation: unknown activation 'rleu'; did you mean 'relu'? known: ",
                   "rleu");
    ck_assert_int_eq(nn_part_parse(&part, &nn_optimizer_room, "sgd learning_rate=1e999"),
                     NN_ERR_INVALID);
    expect_message("sgd: learning_rate is 1e999, expected a finite number", "sgd");
    ck_assert_int_eq(nn_part_parse(&part, &nn_activation_room, "linear slope=1"), NN_ERR_INVALID);
    expect_message("there are none", "linear");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = add_case(suite, "options", NULL, NULL);
    tcase_add_loop_test(tcase, every_option_of_every_part_is_checked_against_its_table, 0,
                        COUNT(rooms));
    tcase_add_test(tcase, an_option_given_twice_is_refused);
    tcase_add_test(tcase, an_error_within_an_option_names_the_whole_way_to_it);
    return run_suite(suite);
}
