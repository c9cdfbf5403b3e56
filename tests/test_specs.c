/* Specs: every form of the grammar, what is refused and where, lists, numbers whatever the locale. */
#include "activation.h"
#include "spec.h"
#include "status.h"
#include "suite.h"
#include "text.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

int main(void)
{
    Suite *suite = suite_create("specs");
    TCase *tcase = add_case(suite, "specs", NULL, NULL);
    tcase_add_loop_test(tcase, every_form_of_the_grammar_is_read, 0, COUNT(good_specs));
    tcase_add_loop_test(tcase, a_bad_spec_is_refused_with_its_position, 0, COUNT(bad_specs));
    tcase_add_test(tcase, nesting_has_a_limit);
    tcase_add_test(tcase, lists_are_separated_by_semicolons);
    tcase_add_test(tcase, numbers_are_the_c_locales_whatever_the_programs_is);
    return run_suite(suite);
}
