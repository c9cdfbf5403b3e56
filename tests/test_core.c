/* The core: specs, options, texts, random numbers, shapes, memory. */
#include "activation.h"
#include "allocate.h"
#include "callback.h"
#include "constraint.h"
#include "faults.h"
#include "initializer.h"
#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "names.h"
#include "optimizer.h"
#include "random.h"
#include "regularizer.h"
#include "schedule.h"
#include "status.h"
#include "suite.h"
#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const nn_room *const rooms[] = {
    &nn_layer_room,      &nn_activation_room, &nn_initializer_room, &nn_regularizer_room,
    &nn_constraint_room, &nn_loss_room,       &nn_metric_room,      &nn_optimizer_room,
    &nn_schedule_room,   &nn_callback_room,
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define OK(call)                                                                                   \
    do {                                                                                           \
        nn_status status_ = (call);                                                                \
        ck_assert_msg(status_ == NN_OK, "%s: %d, %s", #call, (int)status_, nn_error_message());    \
    } while (0)

static void expect_message(const char *part, const char *about)
{
    ck_assert_msg(strstr(nn_error_message(), part) != NULL, "%s: \"%s\" isn't in \"%s\"", about,
                  part, nn_error_message());
}

/* ---- specs ---- */

/* A spec as one line in which every kind of value shows its kind. */
static void show_spec(const nn_spec *spec, nn_text *text);

static void show_value(const nn_value *value, nn_text *text)
{
    switch (value->kind) {
    case NN_VALUE_NONE:
        nn_text_append(text, "none");
        return;
    case NN_VALUE_BOOL:
        nn_text_append(text, value->boolean ? "true" : "false");
        return;
    case NN_VALUE_NUMBER:
        nn_text_append(text, "#%.17g", value->number);
        return;
    case NN_VALUE_NAME:
        nn_text_append(text, "%s", value->text);
        return;
    case NN_VALUE_STRING:
        nn_text_append(text, "\"%s\"", value->text);
        return;
    case NN_VALUE_TUPLE:
        nn_text_append(text, "(");
        for (size_t i = 0; i < value->count; i++) {
            nn_text_append(text, "%s", i > 0 ? "," : "");
            show_value(&value->items[i], text);
        }
        nn_text_append(text, ")");
        return;
    case NN_VALUE_SPEC:
        show_spec(value->spec, text);
        return;
    }
}

static void show_spec(const nn_spec *spec, nn_text *text)
{
    nn_text_append(text, "%s[", spec->name);
    for (size_t i = 0; i < spec->count; i++) {
        nn_text_append(text, "%s%s=", i > 0 ? " " : "", spec->arguments[i].key);
        show_value(&spec->arguments[i].value, text);
    }
    nn_text_append(text, "]");
}

static const struct {
    const char *text, *shown;
} good_specs[] = {
    {"dense", "dense[]"},
    {"  dense  ", "dense[]"},
    {"dense()", "dense[]"},
    {"dense units=3", "dense[units=#3]"},
    {"dense(units=3)", "dense[units=#3]"},
    {"dense(units=3, activation=relu) ", "dense[units=#3 activation=relu]"},
    {"dense units=3 activation=relu", "dense[units=#3 activation=relu]"},
    {"dense units=3,activation=relu", "dense[units=#3 activation=relu]"},
    {"dense, units=3 , activation=relu,", "dense[units=#3 activation=relu]"},
    {"dense\tunits = 3\n\r activation= relu", "dense[units=#3 activation=relu]"},
    {"a b=true c=false d=none", "a[b=true c=false d=none]"},
    {"a b=True c=truest d=nones", "a[b=True c=truest d=nones]"},
    {"a b=1e-3 c=-2 d=+4 e=.5 f=0x10", "a[b=#0.001 c=#-2 d=#4 e=#0.5 f=#16]"},
    {"a b=1e5x c=3d d=1-2", "a[b=1e5x c=3d d=1-2]"},
    {"a b=log.csv c=dir/file-1.txt d=./x e=/tmp/y", "a[b=log.csv c=dir/file-1.txt d=./x e=/tmp/y]"},
    {"a b='' c='two words' d='it''s' e='''' f='a=b;c,(d)'",
     "a[b=\"\" c=\"two words\" d=\"it's\" e=\"'\" f=\"a=b;c,(d)\"]"},
    {"a b=() c=(1) d=(1,) e=(1,2) f=( 1 , 2 , )", "a[b=() c=(#1) d=(#1) e=(#1,#2) f=(#1,#2)]"},
    {"a b=(x,'y',true,none,(1,2))", "a[b=(x,\"y\",true,none,(#1,#2))]"},
    {"a b=f() c=f(x=1) d=f(x=1 y=2) e=f(x=1,y=g(z=(1,2)))",
     "a[b=f[] c=f[x=#1] d=f[x=#1 y=#2] e=f[x=#1 y=g[z=(#1,#2)]]]"},
    {"a b=f( x=1 , ) c=2", "a[b=f[x=#1] c=#2]"},
    {"_a9 _b=inf", "_a9[_b=#inf]"},
    {"a b=infinite c=nano", "a[b=infinite c=nano]"},
    {"a b='caf\xc3\xa9'", "a[b=\"caf\xc3\xa9\"]"},
};

START_TEST(every_form_of_the_grammar_is_read)
{
    nn_spec *spec;
    nn_text text = NN_TEXT_INIT;
    OK(nn_spec_parse(&spec, good_specs[_i].text));
    show_spec(spec, &text);
    ck_assert_str_eq(text.data, good_specs[_i].shown);
    nn_text_free(&text);
    nn_spec_free(spec);
}
END_TEST

static const struct {
    const char *text, *expected, *where;
} bad_specs[] = {
    {"", "a name", "at the end"},
    {"   ", "a name", "at the end"},
    {"3dense", "a name", "character 1,"},
    {"  =", "a name", "character 3,"},
    {"dense units", "'='", "at the end"},
    {"dense units 3", "'='", "character 13,"},
    {"dense units=", "a value", "at the end"},
    {"dense units= ,", "a value", "character 14,"},
    {"dense 3=units", "the name of an option", "character 7,"},
    {"dense a=1,,b=2", "the name of an option", "character 11,"},
    {"dense a=1 b=&", "a value", "character 13,"},
    {"dense a='open", "a string with a closing quote", "character 9,"},
    {"dense a='open''", "a string with a closing quote", "character 9,"},
    {"dense a='x'y", "a blank or ','", "character 12,"},
    {"dense a=(1", "',' or ')'", "at the end"},
    {"dense a=(1,", "a value", "at the end"},
    {"dense a=(1 2)", "',' or ')'", "character 12,"},
    {"dense a=(,)", "a value", "character 10,"},
    {"dense a=(1,,2)", "a value", "character 12,"},
    {"dense a=f(", "')'", "at the end"},
    {"dense a=f(x=1", "')'", "at the end"},
    {"dense a=f(x)", "'='", "character 12,"},
    {"dense a=f(x=1))", "a blank or ','", "character 15,"},
    {"dense a=f(x=1)y", "a blank or ','", "character 15,"},
    {"dense a=3(x=1)", "a name before '('", "character 9,"},
    {"dense a=f.g(x=1)", "'('", "character 10,"},
    {"dense(units=3", "')'", "at the end"},
    {"dense(units=3) x=1", "';' or the end", "character 16,"},
    {"dense?units=3", "a blank", "character 6,"},
    {"dense units=3; flatten", "one spec, then the end", "character 14,"},
    {"dense;", "one spec, then the end", "character 6,"},
};

START_TEST(a_bad_spec_is_refused_with_its_position)
{
    nn_spec *spec = (nn_spec *)&spec;
    ck_assert_int_eq(nn_spec_parse(&spec, bad_specs[_i].text), NN_ERR_INVALID);
    ck_assert_ptr_null(spec);
    nn_text expected = NN_TEXT_INIT;
    nn_text_append(&expected, "expected %s at ", bad_specs[_i].expected);
    expect_message(expected.data, bad_specs[_i].text);
    expect_message(bad_specs[_i].where, bad_specs[_i].text);
    nn_text_free(&expected);
}
END_TEST

static nn_status parse_nested(size_t depth, const char *open, const char *close)
{
    nn_text text = NN_TEXT_INIT;
    nn_spec *spec;
    nn_text_append(&text, "a b=");
    for (size_t i = 0; i < depth; i++)
        nn_text_append(&text, "%s", open);
    nn_text_append(&text, "1");
    for (size_t i = 0; i < depth; i++)
        nn_text_append(&text, "%s", close);
    nn_status status = nn_spec_parse(&spec, text.data);
    nn_spec_free(spec);
    nn_text_free(&text);
    return status;
}

START_TEST(nesting_has_a_limit)
{
    OK(parse_nested(15, "(", ")"));
    OK(parse_nested(15, "f(x=", ")"));
    ck_assert_int_eq(parse_nested(16, "(", ")"), NN_ERR_INVALID);
    expect_message("fewer nested parentheses", "tuples");
    ck_assert_int_eq(parse_nested(16, "f(x=", ")"), NN_ERR_INVALID);
    expect_message("fewer nested parentheses", "specs");
    ck_assert_int_eq(parse_nested(200000, "(", ")"), NN_ERR_INVALID);
    ck_assert_int_eq(parse_nested(200000, "f(x=", ""), NN_ERR_INVALID);
}
END_TEST

START_TEST(lists_are_separated_by_semicolons)
{
    static const struct {
        const char *text;
        size_t count;
    } lists[] = {
        {NULL, 0}, {"", 0},         {" ; ;; ", 0},         {"a", 1},
        {"a;", 1}, {"a; b x=1", 2}, {";a(x=1);b;;c ;", 3}, {"a x='1;2'; b", 2},
    };
    nn_spec_list list;
    for (size_t i = 0; i < COUNT(lists); i++) {
        OK(nn_spec_parse_list(&list, lists[i].text));
        ck_assert_uint_eq(list.count, lists[i].count);
        nn_spec_list_free(&list);
    }
    ck_assert_int_eq(nn_spec_parse_list(&list, "a; b x="), NN_ERR_INVALID);
    ck_assert(list.specs == NULL && list.count == 0);
}
END_TEST

/* Sets LC_NUMERIC to a locale whose decimal point is a comma: one of the system's, or one made here. */
static bool set_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "de_DE"};
    char directory[] = "/tmp/nn-locale-XXXXXX", command[256];
    for (size_t i = 0; i < COUNT(names); i++)
        if (setlocale(LC_NUMERIC, names[i]) != NULL)
            return true;
    if (mkdtemp(directory) == NULL)
        return false;
    snprintf(command, sizeof command, "localedef -f UTF-8 -i de_DE %s/de_DE.UTF-8 >/dev/null 2>&1",
             directory);
    int made = system(command);
    setenv("LOCPATH", directory, 1);
    bool set = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -rf %s", directory);
    made = system(command);
    (void)made;
    return set;
}

START_TEST(numbers_are_the_c_locales_whatever_the_programs_is)
{
    char buffer[32];
    if (!set_comma_locale()) {
        printf("SKIPPED: there is no locale with a decimal comma, and localedef made none\n");
        return;
    }
    snprintf(buffer, sizeof buffer, "%.1f", 0.5);
    ck_assert_str_eq(buffer, "0,5"); /* else this tests nothing */
    nn_part part;
    nn_text text = NN_TEXT_INIT;
    OK(nn_part_parse(&part, &nn_activation_room, "leaky_relu negative_slope=0.25"));
    nn_part_write(&part, false, &text);
    ck_assert_str_eq(text.data, "leaky_relu negative_slope=0.25");
    nn_text_free(&text);
    nn_part_free(&part);
    ck_assert_int_eq(nn_part_parse(&part, &nn_activation_room, "leaky_relu negative_slope=-1.5"),
                     NN_ERR_INVALID);
    expect_message("-1.5", "a message");
    snprintf(buffer, sizeof buffer, "%.1f", 0.5);
    ck_assert_str_eq(buffer, "0,5"); /* the program's locale is as it was */
    setlocale(LC_NUMERIC, "C");
}
END_TEST

/* ---- options, by the tables ---- */

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

START_TEST(names_aliases_and_class_names_find_a_part)
{
    char buffer[64];
    ck_assert_str_eq(nn_room_find(&nn_loss_room, "mse")->name, "mean_squared_error");
    ck_assert_str_eq(nn_room_find(&nn_metric_room, "acc")->name, "accuracy");
    ck_assert_ptr_null(nn_room_find(&nn_loss_room, "MSE"));
    for (size_t r = 0; r < COUNT(rooms); r++)
        for (size_t i = 0; i < rooms[r]->count; i++) {
            const nn_part_type *type = rooms[r]->parts[i];
            const char *class_name = nn_part_class_name(type, buffer, sizeof buffer);
            ck_assert_ptr_eq(nn_room_find_class(rooms[r], class_name), type);
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

/* ---- random numbers ---- */

START_TEST(the_generator_is_philox_4x32_10)
{
    /* known answer of Random123 (kat_vectors): counter 0, key 0 */
    static const uint32_t wanted[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    nn_random random = nn_random_stream(0, (nn_random_purpose)0, 0, 0);
    for (size_t i = 0; i < COUNT(wanted); i++)
        ck_assert_uint_eq(nn_random_bits(&random), wanted[i]);
}
END_TEST

static bool same_stream(nn_random a, nn_random b)
{
    bool same = true;
    for (int i = 0; i < 100; i++)
        same = same && nn_random_bits(&a) == nn_random_bits(&b);
    return same;
}

START_TEST(a_stream_is_told_by_seed_purpose_index_and_step)
{
    const nn_random one = nn_random_stream(7, NN_RANDOM_LAYER, 2, 3);
    ck_assert(same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(8, NN_RANDOM_LAYER, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7 + (1ull << 32), NN_RANDOM_LAYER, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_SHUFFLE, 2, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 1, 3)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 2, 4)));
    ck_assert(!same_stream(one, nn_random_stream(7, NN_RANDOM_LAYER, 2, 3 + (1ull << 32))));
}
END_TEST

enum { DRAWS = 200000 };

START_TEST(uniform_and_normal_numbers_have_their_moments)
{
    nn_random random = nn_random_stream(1, NN_RANDOM_LAYER, 0, 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double value = nn_random_uniform(&random);
        ck_assert(value >= 0 && value < 1);
        sum += value;
        squares += (value - 0.5) * (value - 0.5);
    }
    /* 5 standard errors each */
    ck_assert_double_eq_tol(sum / DRAWS, 0.5, 5 * sqrt(1.0 / 12 / DRAWS));
    ck_assert_double_eq_tol(squares / DRAWS, 1.0 / 12, 5 * sqrt(1.0 / 180 / DRAWS));

    double moments[5] = {0};
    double within = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double value = nn_random_normal(&random);
        double power = 1;
        for (int m = 1; m <= 4; m++)
            moments[m] += (power *= value);
        within += fabs(value) < 1;
    }
    ck_assert_double_eq_tol(moments[1] / DRAWS, 0, 5 * sqrt(1.0 / DRAWS));
    ck_assert_double_eq_tol(moments[2] / DRAWS, 1, 5 * sqrt(2.0 / DRAWS));
    ck_assert_double_eq_tol(moments[3] / DRAWS, 0, 5 * sqrt(15.0 / DRAWS));
    ck_assert_double_eq_tol(moments[4] / DRAWS, 3, 5 * sqrt(96.0 / DRAWS));
    ck_assert_double_eq_tol(within / DRAWS, 0.6826894921, 5 * sqrt(0.217 / DRAWS));
}
END_TEST

/* Chi-square of counts against equal shares. */
static double chi_square(const double *counts, size_t classes)
{
    double sum = 0, total = 0;
    for (size_t i = 0; i < classes; i++)
        total += counts[i];
    for (size_t i = 0; i < classes; i++) {
        const double difference = counts[i] - total / (double)classes;
        sum += difference * difference / (total / (double)classes);
    }
    return sum;
}

START_TEST(numbers_below_a_bound_are_unbiased)
{
    nn_random random = nn_random_stream(2, NN_RANDOM_SHUFFLE, 0, 0);
    double ten[10] = {0}, three[3] = {0}, wide[3] = {0};
    for (int i = 0; i < DRAWS; i++) {
        ten[nn_random_below(&random, 10)]++;
        /* A bound of three quarters of the range: a multiplication without rejection makes the
         * multiples of 3 as frequent as all others, a remainder the lowest third. */
        three[nn_random_below(&random, (size_t)3 << 30) % 3]++;
        wide[nn_random_below(&random, (size_t)3 << 62) >> 62]++;
    }
    /* the 0.99999 quantiles of chi-square */
    ck_assert_double_lt(chi_square(ten, 10), 39.3);  /* 9 degrees of freedom */
    ck_assert_double_lt(chi_square(three, 3), 23.1); /* 2 degrees of freedom */
    ck_assert_double_lt(chi_square(wide, 3), 23.1);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(nn_random_below(&random, 1), 0);
}
END_TEST

START_TEST(a_permutation_is_one_and_each_is_as_likely)
{
    enum { N = 1000 };
    size_t order[N];
    bool seen[N] = {false};
    nn_random random = nn_random_stream(3, NN_RANDOM_SHUFFLE, 0, 0);
    nn_random_permutation(&random, N, order);
    size_t fixed = 0;
    for (size_t i = 0; i < N; i++) {
        ck_assert(order[i] < N && !seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
    }
    ck_assert_uint_lt(fixed, 10); /* 1 is expected */
    double counts[6] = {0};
    for (int i = 0; i < 60000; i++) {
        nn_random_permutation(&random, 3, order);
        counts[order[0] * 2 + (order[1] > order[2])]++;
    }
    ck_assert_double_lt(chi_square(counts, 6), 30.9); /* 5 degrees of freedom, 0.99999 */
    nn_random_permutation(&random, 0, NULL);
    nn_random_permutation(&random, 1, order);
    ck_assert_uint_eq(order[0], 0);
}
END_TEST

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
    Suite *suite = suite_create("core");
    TCase *tcase = tcase_create("specs");
    tcase_add_loop_test(tcase, every_form_of_the_grammar_is_read, 0, COUNT(good_specs));
    tcase_add_loop_test(tcase, a_bad_spec_is_refused_with_its_position, 0, COUNT(bad_specs));
    tcase_add_test(tcase, nesting_has_a_limit);
    tcase_add_test(tcase, lists_are_separated_by_semicolons);
    tcase_add_test(tcase, numbers_are_the_c_locales_whatever_the_programs_is);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("options");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, every_option_of_every_part_is_checked_against_its_table, 0,
                        COUNT(rooms));
    tcase_add_test(tcase, an_option_given_twice_is_refused);
    tcase_add_test(tcase, an_error_within_an_option_names_the_whole_way_to_it);
    tcase_add_loop_test(tcase, a_misspelt_part_is_named_with_its_nearest, 0, COUNT(rooms));
    tcase_add_test(tcase, a_part_is_written_as_the_spec_that_makes_it_again);
    tcase_add_test(tcase, names_aliases_and_class_names_find_a_part);
    tcase_add_test(tcase, help_names_every_option_and_no_infinite_bound);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("texts");
    tcase_add_test(tcase, a_text_is_cut_to_the_buffer_and_its_length_told);
    tcase_add_test(tcase, a_text_that_fails_once_has_failed);
    tcase_add_test(tcase, numbers_are_written_shortest_and_read_back);
    tcase_add_test(tcase, edit_distance_counts_insertions_deletions_changes_and_swaps);
    tcase_add_test(tcase, a_message_is_of_its_own_thread_cut_and_prefixed);
    tcase_add_test(tcase, every_status_has_words_of_its_own);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("random");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, the_generator_is_philox_4x32_10);
    tcase_add_test(tcase, a_stream_is_told_by_seed_purpose_index_and_step);
    tcase_add_test(tcase, uniform_and_normal_numbers_have_their_moments);
    tcase_add_test(tcase, numbers_below_a_bound_are_unbiased);
    tcase_add_test(tcase, a_permutation_is_one_and_each_is_as_likely);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("shapes and memory");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, shapes_are_checked_and_written_as_python_writes_them);
    tcase_add_test(tcase, names_are_copied_into_one_block);
    tcase_add_test(tcase, sizes_that_overflow_are_told_and_leave_the_result_alone);
    tcase_add_test(tcase, memory_is_zeroed_aligned_and_refused_before_it_is_asked_for);
    tcase_add_test(tcase, growing_keeps_the_old_block_when_it_fails);
    tcase_add_loop_test(tcase, no_failed_allocation_of_a_part_leaks_or_is_overlooked, 0,
                        COUNT(rooms));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
