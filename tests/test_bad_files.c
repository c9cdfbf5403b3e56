/* Model files that are cut, changed or forged: refused, or as harmless as they look, at little cost. */
#include "allocate.h"
#include "faults.h"
#include "json.h"
#include "model.h"
#include "safetensors.h"
#include "saved_model.h"
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

START_TEST(a_file_cut_at_any_byte_is_refused)
{
    file whole = small_file();
    for (size_t size = 0; size < whole.size; size++) {
        file cut = {malloc(size + (size == 0)), size};
        memcpy(cut.bytes, whole.bytes, size);
        expect_refused(cut, NN_ERR_FORMAT, "cut");
        if (size >= CHECKSUM_AT + CHECKSUM_DIGITS) {
            put_checksum(cut); /* as if it had been written so: the container tells */
            expect_refused(cut, NN_ERR_FORMAT, "cut, with a new checksum");
        }
        free(cut.bytes);
    }
    free(whole.bytes);
}
END_TEST

START_TEST(a_file_with_any_bit_flipped_is_refused)
{
    file f = small_file();
    for (size_t i = 0; i < f.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            f.bytes[i] ^= (unsigned char)(1 << bit);
            expect_refused(f, NN_ERR_FORMAT, "flipped");
            f.bytes[i] ^= (unsigned char)(1 << bit);
        }
    nn_model_free(load(f));
    free(f.bytes);
}
END_TEST

/* Whatever a byte of the header is changed to, under a checksum that matches: nothing breaks. */
START_TEST(a_forged_header_does_no_harm)
{
    static const unsigned char forged[] = {'0', '9', '-', '"', '}', ']', 'a', ' ', 0, 0xff};
    file f = small_file();
    long blocks = faults_live_blocks();
    for (size_t i = 0; i < 8 + header_length(f); i++) {
        unsigned char old = f.bytes[i];
        for (size_t j = 0; j < sizeof(forged); j++) {
            nn_model *model;
            f.bytes[i] = forged[j];
            put_checksum(f);
            if (nn_model_load_from_memory(&model, f.bytes, f.size) == NN_OK) {
                float *y;
                size_t count;
                predict(model, &y, &count);
                free(y);
            }
            nn_model_free(model);
            ck_assert_int_eq(faults_live_blocks(), blocks);
        }
        f.bytes[i] = old;
    }
    free(f.bytes);
}
END_TEST

#define KERNEL "\"dense/kernel\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"

#define RATE "\\\"learning_rate\\\":"

static const struct {
    const char *from, *to;
    nn_status status;
    const char *message;
} edits[] = {
    {"\"format\":\"libnn\"", "\"format\":\"pt\"", NN_ERR_FORMAT, "not a model file"},
    {"\"format_version\":\"1\"", "\"format_version\":\"2\"", NN_ERR_VERSION, "2"},
    {"\"format_version\":\"1\"", "\"format_version\":\"11\"", NN_ERR_VERSION, "11"},
    {"\"format_version\":\"1\"", "\"format_version\":\"0\"", NN_ERR_FORMAT, "'0'"},
    {"\"format_version\":\"1\"", "\"format_version\":1", NN_ERR_FORMAT, "string"},
    {"\"config\":\"", "\"other\":\"", NN_ERR_FORMAT, "config"},
    {"\"class_name\\\":\\\"Dense\\\"", "\"class_name\\\":\\\"Conv9D\\\"", NN_ERR_UNSUPPORTED,
     "Conv9D"},
    {"\\\"activation\\\":\\\"relu\\\"", "\\\"activation\\\":\\\"wurzel\\\"", NN_ERR_UNSUPPORTED,
     "wurzel"},
    {"\\\"activation\\\":\\\"relu\\\"", "\\\"activation\\\":3", NN_ERR_FORMAT, "activation"},
    {"\\\"activation\\\":\\\"relu\\\"", "\\\"activation\\\":[1,2]", NN_ERR_FORMAT, "activation"},
    {"\\\"units\\\":3", "\\\"units\\\":4", NN_ERR_FORMAT, "(2, 4)"},
    {"\\\"units\\\":3", "\\\"units\\\":0", NN_ERR_FORMAT, "units"},
    {"\\\"units\\\":3", "\\\"units\\\":-3", NN_ERR_FORMAT, "units"},
    {"\\\"units\\\":3", "\\\"units\\\":3.5", NN_ERR_FORMAT, "units"},
    {"\\\"units\\\":3", "\\\"units\\\":1e400", NN_ERR_FORMAT, "config"},
    {"\\\"units\\\":3", "\\\"units\\\":1000000000", NN_ERR_FORMAT, "1000000000"},
    {"\\\"units\\\":3", "\\\"units\\\":3,\\\"lora_rank\\\":4", NN_ERR_UNSUPPORTED, "lora_rank"},
    {"\\\"units\\\":3", "\\\"units\\\":3,\\\"units\\\":3", NN_ERR_FORMAT, "config"},
    {"\\\"units\\\":3,", "", NN_ERR_FORMAT, "units"},
    {"\\\"trainable\\\":true", "\\\"trainable\\\":1", NN_ERR_UNSUPPORTED, "trainable"},
    {"\\\"dense\\\",\\\"trainable\\\":true", "\\\"dense\\\",\\\"trainable\\\":1", NN_ERR_FORMAT,
     "trainable is 1"},
    {"\\\"dtype\\\":\\\"float32\\\"", "\\\"dtype\\\":\\\"float16\\\"", NN_ERR_UNSUPPORTED, "dtype"},
    {"\\\"name\\\":\\\"dense_1\\\"", "\\\"name\\\":\\\"dense\\\"", NN_ERR_FORMAT, "dense"},
    {"\\\"name\\\":\\\"dense_1\\\"", "\\\"name\\\":\\\"a/../b\\\"", NN_ERR_FORMAT, "a/../b"},
    {"[null,2]", "[null]", NN_ERR_FORMAT, "input_shape"},
    {"[null,2]", "[]", NN_ERR_UNSUPPORTED, "batch_shape"},
    {"[null,2]", "[null,1,1,1,1,1,1,1,1,1]", NN_ERR_UNSUPPORTED, "batch_shape"},
    {"[null,2]", "[null,null]", NN_ERR_FORMAT, "batch_shape"},
    {"[null,2]", "[32,2]", NN_ERR_UNSUPPORTED, "rows"},
    {"[null,2]", "[null,9223372036854775807]", NN_ERR_FORMAT, "input_shape"},
    {"[null,2]", "[null,2147483647,2147483647,2147483647,4]", NN_ERR_FORMAT, "input_shape"},
    {"\"compile\":\"{", "\"compile\":\"[{", NN_ERR_FORMAT, "compile"},
    {"\\\"class_name\\\":\\\"SGD\\\"", "\\\"class_name\\\":\\\"Sgdd\\\"", NN_ERR_UNSUPPORTED,
     "Sgdd"},
    {RATE "0.01", RATE "null", NN_ERR_FORMAT, "expected a number or a schedule"},
    {RATE "0.01", RATE "[0.01]", NN_ERR_FORMAT, "learning_rate"},
    {RATE "0.01", RATE "\\\"no_decay\\\"", NN_ERR_UNSUPPORTED, "no_decay"},
    {RATE "0.01", RATE "{\\\"class_name\\\":\\\"CosineDecay\\\"}", NN_ERR_FORMAT,
     "initial_learning_rate is missing"},
    {RATE "0.01",
     RATE "{\\\"class_name\\\":\\\"PiecewiseConstantDecay\\\",\\\"config\\\":{"
          "\\\"boundaries\\\":[1],\\\"values\\\":[1,null]}}",
     NN_ERR_FORMAT, "an item isn't a number"},
    {RATE "0.01",
     RATE "{\\\"class_name\\\":\\\"PiecewiseConstantDecay\\\",\\\"config\\\":{"
          "\\\"boundaries\\\":[],\\\"values\\\":[1]}}",
     NN_ERR_FORMAT, "boundaries is empty"},
    {"\\\"use_ema\\\":false", "\\\"use_ema\\\":true", NN_ERR_FORMAT,
     "'optimizer/average/dense/kernel' is missing"},
    {"\\\"metrics\\\":[", "\\\"metrics\\\":[\\\"mae\\\",", NN_ERR_FORMAT, "mae"},
    {"\\\"metrics\\\":[", "\\\"metrics\\\":[null,", NN_ERR_FORMAT, "metric"},
    {"\\\"metrics\\\":[", "\\\"metrics\\\":[\\\"accuracy\\\",{},", NN_ERR_FORMAT, "metric"},
    {"\\\"loss\\\":\\\"mean_squared_error\\\"", "\\\"loss\\\":null", NN_ERR_FORMAT, "loss"},
    /* Names are printed, and written into CSV files. */
    {"\\\"metrics\\\":[\\\"mae\\\"",
     "\\\"metrics\\\":[{\\\"class_name\\\":\\\"MeanAbsoluteError\\\",\\\"config\\\":"
     "{\\\"name\\\":\\\"a'; system('id')\\\"}}",
     NN_ERR_FORMAT, "system('id')"},
    {"\\\"metrics\\\":[\\\"mae\\\"",
     "\\\"metrics\\\":[{\\\"class_name\\\":\\\"CosineSimilarity\\\",\\\"config\\\":"
     "{\\\"axis\\\":0}}",
     NN_ERR_UNSUPPORTED, "axis"},
    {"\\\"metrics\\\":[\\\"mae\\\"",
     "\\\"metrics\\\":[{\\\"class_name\\\":\\\"AUC\\\",\\\"config\\\":"
     "{\\\"num_thresholds\\\":1e300}}",
     NN_ERR_FORMAT, "num_thresholds"},
    {"\\\"metrics\\\":[\\\"mae\\\"", "\\\"metrics\\\":[\\\"f1_score\\\"", NN_ERR_FORMAT,
     "use average=macro"},
    {"\\\"name\\\":\\\"dense_1\\\"", "\\\"name\\\":\\\"a\\\\u001b[2J\\\"", NN_ERR_FORMAT,
     "layer 1"},
    {"\\\"name\\\":\\\"dense_1\\\"", "\\\"name\\\":\\\"a\\\\nb\\\"", NN_ERR_FORMAT, "layer 1"},
    {"\"class_names\":\"[", "\"class_names\":\"[\\\"\\\\u0007\\\",", NN_ERR_FORMAT, "name 0"},
    {"\"class_names\":\"[", "\"class_names\":\"[\\\"\\\\r\\\",", NN_ERR_FORMAT, "name 0"},
    {"\"state\":\"{", "\"state\":\"[{", NN_ERR_FORMAT, "state"},
    {"\\\"seed\\\":7", "\\\"seed\\\":-7", NN_ERR_FORMAT, "seed"},
    {"\\\"seed\\\":7", "\\\"seed\\\":\\\"18446744073709551616\\\"", NN_ERR_FORMAT, "seed"},
    {"\"class_names\":\"[", "\"class_names\":\"[1,", NN_ERR_FORMAT, "class name"},
    {KERNEL ",", "", NN_ERR_FORMAT, "gap"},
    {KERNEL, KERNEL "," KERNEL, NN_ERR_FORMAT, "duplicate"},
    {KERNEL, KERNEL ",\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}",
     NN_ERR_FORMAT, "tensors"},
    {"\"dense/kernel\"", "\"dense/colonel\"", NN_ERR_FORMAT, "'dense/kernel' is missing"},
    {"\"optimizer/momentum/dense/bias\"", "\"optimizer/velocity/dense/bias\"", NN_ERR_FORMAT,
     "'optimizer/momentum/dense/bias' is missing"},
    {"\"dtype\":\"F32\"", "\"dtype\":\"F16\"", NN_ERR_UNSUPPORTED, "F16"},
    {"\"shape\":[2,3]", "\"shape\":[3,2]", NN_ERR_FORMAT, "(3, 2)"},
    {"\"shape\":[2,3]", "\"shape\":[6]", NN_ERR_FORMAT, "(6,)"},
    {"\"shape\":[2,3]", "\"shape\":[-2,-3]", NN_ERR_FORMAT, "dimension"},
    {"\"shape\":[2,3]", "\"shape\":[4294967296,4294967296]", NN_ERR_FORMAT, "memory"},
    {"\"shape\":[2,3]", "\"shape\":[1,1,1,1,1,1,1,2,3]", NN_ERR_UNSUPPORTED, "rank 9"},
    {"\"shape\":[2,3]", "\"shape\":null", NN_ERR_FORMAT, "shape"},
    {"[0,24]", "[0,36]", NN_ERR_FORMAT, "36"},
    {"[0,24]", "[24,0]", NN_ERR_FORMAT, "end before they begin"},
    {"[0,24]", "[12,36]", NN_ERR_FORMAT, "gap"},
    {"[24,36]", "[12,24]", NN_ERR_FORMAT, "overlap"},
    {"[24,36]", "[24,9223372036854775807]", NN_ERR_FORMAT, "9223372036854775783"},
    {"[24,36]", "[24,99999999999999999999]", NN_ERR_FORMAT, "offset"},
    {"[24,36]", "[24.0,36.0]", NN_ERR_FORMAT, "offset"},
};

START_TEST(numbers_that_an_optimizer_keeps_are_read_with_care)
{
    static const char scalars[] = "\\\"scalars\\\":{\\\"u_product\\\":1.0}";
    static const char *const wrong[] = {
        "\\\"scalars\\\":{\\\"u_product\\\":null}", "\\\"scalars\\\":{\\\"u_product\\\":1e999}",
        "\\\"scalars\\\":{\\\"v_product\\\":1.0}", "\\\"scalars\\\":[1.0]", "\\\"scalars\\\":null"};
    nn_model *model = new_model("dense units=3 input_shape=(2)");
    ck_assert_int_eq(nn_model_compile(model, "nadam", "mse", NULL), NN_OK);
    file f = save(model);
    nn_model_free(load(f));
    for (size_t i = 0; i < COUNT(wrong); i++) {
        file e = edited(f, scalars, wrong[i]);
        expect_refused(e, NN_ERR_FORMAT, wrong[i]);
        free(e.bytes);
    }
    free(f.bytes);
    nn_model_free(model);
}
END_TEST

START_TEST(a_list_without_names_is_none)
{
    nn_model *model = new_model("dense units=3 input_shape=(2)");
    ck_assert_int_eq(nn_model_compile(model, "muon", "mse", NULL), NN_OK);
    file f = save(model);
    file e = edited(f, "\\\"exclude_layers\\\":null", "\\\"exclude_layers\\\":[]");
    nn_model *loaded = load(e);
    check_same_part(&model->optimizer, &loaded->optimizer);
    nn_model_free(loaded);
    file wrong = edited(f, "\\\"exclude_layers\\\":null", "\\\"exclude_layers\\\":[1]");
    expect_refused(wrong, NN_ERR_FORMAT, "a number for a name");
    free(wrong.bytes);
    free(e.bytes);
    free(f.bytes);
    nn_model_free(model);
}
END_TEST

START_TEST(what_does_not_belong_into_a_file_is_named)
{
    file f = small_file();
    file e = edited(f, edits[_i].from, edits[_i].to);
    size_t before = faults_bytes_asked();
    expect_refused(e, edits[_i].status, edits[_i].to);
    ck_assert_msg(strstr(nn_error_message(), edits[_i].message) != NULL, "%s: %s", edits[_i].to,
                  nn_error_message());
    ck_assert_uint_lt(faults_bytes_asked() - before, 100 * 1024);
    free(e.bytes);
    free(f.bytes);
}
END_TEST

#define INITIALIZER                                                                                \
    "{\\\"module\\\":\\\"keras.initializers\\\",\\\"class_name\\\":\\\"GlorotUniform\\\","         \
    "\\\"config\\\":{\\\"seed\\\":null},\\\"registered_name\\\":null}"

/* What Keras writes beside the options, and a tensor order of somebody else's. */
static const char *const harmless[][2] = {
    {"\\\"dtype\\\":\\\"float32\\\"",
     "\\\"dtype\\\":{\\\"module\\\":\\\"keras\\\",\\\"class_name\\\":\\\"DTypePolicy\\\","
     "\\\"config\\\":{\\\"name\\\":\\\"float32\\\"},\\\"registered_name\\\":null}"},
    {"\\\"units\\\":3", "\\\"units\\\":3,\\\"lora_rank\\\":null"},
    {"\\\"units\\\":3", "\\\"units\\\":3.0"},
    {INITIALIZER, "\\\"GlorotUniform\\\""},
    {INITIALIZER, "null"},
    {"\\\"sparse\\\":false", "\\\"sparse\\\":false,\\\"ragged\\\":false,\\\"optional\\\":false"},
    {"\\\"registered_name\\\":null",
     "\\\"registered_name\\\":null,\\\"build_config\\\":{\\\"input_shape\\\":[null,2]}"},
    {"\"format\":\"libnn\"", "\"format\":\"libnn\",\"note\":\"mine\""},
    {"{\\\"negative_slope\\\":0.1}",
     "{\\\"name\\\":\\\"leaky_re_lu_1\\\",\\\"trainable\\\":true,\\\"negative_slope\\\":0.1}"},
};

START_TEST(what_changes_nothing_is_skipped)
{
    nn_model *model = small_model();
    file f = save(model);
    file e = edited(f, harmless[_i][0], harmless[_i][1]);
    nn_model *loaded = load(e);
    check_same_predictions(model, loaded, harmless[_i][1]);
    check_same_layers(model, loaded);
    nn_model_free(model);
    nn_model_free(loaded);
    free(e.bytes);
    free(f.bytes);
}
END_TEST

START_TEST(a_header_longer_than_the_file_is_refused)
{
    static const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 8, INT64_MAX, 100000001, 1, 0};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        file f = small_file();
        size_t before = faults_bytes_asked();
        put_length(f, (size_t)lengths[i]);
        put_checksum(f);
        expect_refused(f, NN_ERR_FORMAT, "length");
        ck_assert_uint_lt(faults_bytes_asked() - before, 64 * 1024);
        free(f.bytes);
    }
}
END_TEST

/* {"a": {"a": ... in the header, and parts within parts in the config. */
START_TEST(deep_nesting_is_refused)
{
    enum { DEPTH = 100000 };
    static const char list[] = "[", part[] = "{\\\"class_name\\\":\\\"LeakyReLU\\\",\\\"config\\\":"
                                             "{\\\"negative_slope\\\":";
    for (int kind = 0; kind < 2; kind++) {
        const char *open = kind == 0 ? list : part;
        size_t size = strlen(open);
        char *deep = malloc(DEPTH * size + 1);
        for (size_t i = 0; i < DEPTH; i++)
            memcpy(deep + i * size, open, size);
        deep[DEPTH * size] = '\0';
        file f = small_file();
        file e = kind == 0 ? edited(f, "\"shape\":[", "\"shape\":[") : edited(f, "0.1", deep);
        if (kind == 0) {
            free(e.bytes);
            e = edited(f, "\"shape\":[", deep);
        }
        expect_refused(e, NN_ERR_FORMAT, "deep");
        free(deep);
        free(e.bytes);
        free(f.bytes);
    }
}
END_TEST

START_TEST(files_of_other_kinds_are_refused)
{
    static const char *const paths[] = {"/dev/zero", "/proc/self/exe", "/dev/null"};
    nn_model *model;
    ck_assert_int_eq(nn_model_load(&model, paths[_i]), NN_ERR_FORMAT);
    ck_assert_ptr_null(model);
    ck_assert_ptr_nonnull(strstr(nn_error_message(), paths[_i]));
}
END_TEST

/* ---- what a file may cost ----------------------------------------------------------------- */

/* prefix, count times text, suffix */
static char *repeated(const char *prefix, size_t count, const char *text, const char *suffix)
{
    const size_t before = strlen(prefix), length = strlen(text), after = strlen(suffix);
    char *all = malloc(before + count * length + after + 1);
    memcpy(all, prefix, before);
    for (size_t i = 0; i < count; i++)
        memcpy(all + before + i * length, text, length);
    memcpy(all + before + count * length, suffix, after + 1);
    return all;
}

#define FORMAT "\"format\":\"libnn\""

START_TEST(what_looks_like_values_in_a_string_takes_no_memory)
{
    enum { PIECES = 1250000 };
    file f = small_file();
    char *note = repeated(FORMAT ",\"note\":\"", PIECES, ",[{\\\",\\\\", "\"");
    file e = edited(f, FORMAT, note);
    size_t before = faults_bytes_asked();
    nn_model_free(load(e));
    ck_assert_uint_lt(faults_bytes_asked() - before, e.size + 100 * 1024); /* a copy of it */
    free(note);
    free(e.bytes);
    free(f.bytes);
}
END_TEST

START_TEST(a_header_of_more_than_a_million_values_is_refused_unread)
{
    file f = small_file();
    char *shape = repeated("\"shape\":[", 1000000, "1,", "");
    file e = edited(f, "\"shape\":[", shape);
    size_t before = faults_bytes_asked();
    expect_refused(e, NN_ERR_FORMAT, "a million");
    ck_assert_uint_lt(faults_bytes_asked() - before, 1024);
    free(shape);
    free(e.bytes);
    free(f.bytes);
}
END_TEST

START_TEST(a_header_above_16_mib_is_refused_unread)
{
    file f = small_file();
    const size_t room = (16 << 20) - header_length(f) - strlen(",\"note\":\"\"");
    for (size_t more = 0; more < 2; more++) {
        char *note = repeated(FORMAT ",\"note\":\"", room + more, "a", "\"");
        file e = edited(f, FORMAT, note);
        size_t before = faults_bytes_asked();
        if (more == 0) {
            nn_model_free(load(e));
        } else {
            expect_refused(e, NN_ERR_FORMAT, "16 MiB");
            ck_assert_uint_lt(faults_bytes_asked() - before, 1024);
        }
        free(note);
        free(e.bytes);
    }
    free(f.bytes);
}
END_TEST

START_TEST(what_could_not_be_loaded_is_not_saved)
{
    nn_model *model = small_model();
    char *name = repeated("", 16 << 20, "a", "");
    const char *const names[] = {name, "b"};
    size_t length;
    ck_assert_int_eq(nn_model_set_class_names(model, names, 2), NN_OK);
    ck_assert_int_eq(nn_model_save_to_memory(model, NULL, 0, &length), NN_ERR_UNSUPPORTED);
    free(name);
    nn_model_free(model);
}
END_TEST

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* As many as 16 MiB name. Looked for one after the other, they would take minutes. */
START_TEST(a_hundred_thousand_tensors_are_found_in_no_time)
{
    enum { TENSORS = 100000 };
    const nn_shape shape = {.rank = 1, .dimensions = {1}};
    nn_safetensors_header header;
    nn_safetensors opened;
    char name[32];
    nn_safetensors_begin(&header);
    ck_assert_int_eq(nn_safetensors_add_metadata(&header, "key", "text"), NN_OK);
    for (int i = 0; i < TENSORS; i++) {
        snprintf(name, sizeof(name), "dense_%d/bias", i);
        ck_assert_int_eq(nn_safetensors_add_tensor(&header, name, &shape), NN_OK);
    }
    ck_assert_int_eq(nn_safetensors_end(&header), NN_OK);
    const double start = seconds();
    ck_assert_int_eq(
        nn_safetensors_open(&opened, (unsigned char *)header.text.data + 8, header.text.length - 8),
        NN_OK);
    static const unsigned char data[TENSORS * sizeof(float)];
    opened.data = data;
    ck_assert_uint_eq(opened.data_size, sizeof(data));
    for (int i = TENSORS; i-- > 0;) {
        const unsigned char *bytes;
        snprintf(name, sizeof(name), "dense_%d/bias", i);
        ck_assert_int_eq(nn_safetensors_find(&opened, name, &shape, &bytes), NN_OK);
        ck_assert_ptr_eq(bytes, data + (size_t)i * sizeof(float));
    }
    ck_assert_double_lt(seconds() - start, 10); /* 0.1 s; under valgrind some seconds */
    nn_safetensors_close(&opened);
    nn_text_free(&header.text);
}
END_TEST

/* Linear in the number of layers: 8,000 layers in quadratic time took 28 s. */
START_TEST(many_layers_load_in_no_time)
{
    static const struct {
        const char *first, *more;
        size_t count;
    } models[] = {{"flatten input_shape=1", "; flatten", 8000},
                  {"dense units=1 input_shape=1", "; dense units=1", 2000}};
    char *layers = repeated(models[_i].first, models[_i].count - 1, models[_i].more, "");
    nn_model *model = new_model(layers);
    file f = save(model);
    const double start = seconds();
    nn_model *loaded = load(f);
    ck_assert_double_lt(seconds() - start, 10); /* 0.1 s; under valgrind some seconds */
    nn_model_free(loaded);
    nn_model_free(model);
    free(f.bytes);
    free(layers);
}
END_TEST

/* ---- the suite ------------------------------------------------------------------------------ */

int main(void)
{
    Suite *suite = suite_create("bad files");
    TCase *tests = tcase_create("bad files");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_file_cut_at_any_byte_is_refused);
    tcase_add_test(tests, a_file_with_any_bit_flipped_is_refused);
    tcase_add_test(tests, a_forged_header_does_no_harm);
    tcase_add_test(tests, a_list_without_names_is_none);
    tcase_add_test(tests, numbers_that_an_optimizer_keeps_are_read_with_care);
    tcase_add_loop_test(tests, what_does_not_belong_into_a_file_is_named, 0, COUNT(edits));
    tcase_add_loop_test(tests, what_changes_nothing_is_skipped, 0, COUNT(harmless));
    tcase_add_test(tests, a_header_longer_than_the_file_is_refused);
    tcase_add_test(tests, deep_nesting_is_refused);
    tcase_add_loop_test(tests, files_of_other_kinds_are_refused, 0, 3);
    suite_add_tcase(suite, tests);

    tests = tcase_create("costs");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, what_looks_like_values_in_a_string_takes_no_memory);
    tcase_add_test(tests, a_header_of_more_than_a_million_values_is_refused_unread);
    tcase_add_test(tests, a_header_above_16_mib_is_refused_unread);
    tcase_add_test(tests, what_could_not_be_loaded_is_not_saved);
    tcase_add_test(tests, a_hundred_thousand_tensors_are_found_in_no_time);
    tcase_add_loop_test(tests, many_layers_load_in_no_time, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
