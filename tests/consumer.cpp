// A C++ program on nn.hpp, compiled by tests/consumers.sh against the installed tree. Its one argument
// is a file name to save a model under. It checks what the wrapper promises beyond nn.h.
#include <cmath>
#include <cstdio>
#include <nn.hpp>
#include <type_traits>

namespace
{

int failures = 0;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "consumer.cpp:%d: %s\n", __LINE__, #condition);                   \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static_assert(!std::is_copy_constructible<nn::model>::value, "a model is move-only");
static_assert(!std::is_copy_assignable<nn::dataset>::value, "a dataset is move-only");
static_assert(!std::is_copy_constructible<nn::history>::value, "a history is move-only");
static_assert(std::is_nothrow_move_constructible<nn::model>::value, "moving can't fail");
static_assert(std::is_nothrow_move_assignable<nn::dataset>::value, "moving can't fail");
static_assert(!std::is_constructible<nn::dataset, std::vector<float>, std::size_t>::value,
              "a temporary can't be borrowed");

/* The status that call throws, NN_OK if it doesn't. */
template <class Call>
nn_status thrown_by(Call call)
{
    try {
        call();
    } catch (const nn::error &failure) {
        CHECK(failure.what()[0] != '\0');
        return failure.status();
    }
    return NN_OK;
}

struct data_of_or {
    std::vector<float> x{0, 0, 0, 1, 1, 0, 1, 1};
    std::vector<std::int32_t> y{0, 1, 1, 1};
    std::vector<float> weights{1, 1, 1, 1};
};

nn::model compiled_model()
{
    nn::model model;
    model.set_seed(7)
        .add("dense units=1 activation=sigmoid input_shape=(2)")
        .compile("sgd learning_rate=1.0", "binary_crossentropy", "accuracy");
    return model;
}

void layers_are_frozen_by_name_or_all()
{
    const data_of_or table;
    const nn::dataset data(table.x, 2, table.y, 1);
    nn::model model = compiled_model();
    model.set_trainable("dense", false).compile("sgd", "binary_crossentropy");
    CHECK(model.trainable_count() == 0 && model.parameter_count() == 3);
    const std::vector<float> before = model.get_weights("dense/kernel");
    model.fit(data);
    CHECK(model.get_weights("dense/kernel") == before);
    model.set_trainable(true);
    CHECK(model.trainable_count() == 3);
    CHECK(thrown_by([&] { model.fit(data); }) == NN_ERR_STATE);
    CHECK(thrown_by([&] { model.set_trainable("dense_1", false); }) == NN_ERR_INVALID);
}

void datasets_take_and_give_vectors()
{
    const data_of_or table;
    nn::dataset data(table.x, 2, table.y, 1);
    data.set_class_names({"off", "on"});
    data.add_column("sample_weight", table.weights);
    CHECK(data.rows() == 4);
    CHECK(data.width("x") == 2 && data.width("none") == 0);
    CHECK(data.shape("x") == std::vector<std::size_t>{2});
    CHECK(data.get_values("x") == table.x);
    CHECK((data.class_names() == std::vector<std::string>{"off", "on"}));
    CHECK(data.class_count() == 2);
    nn::dataset part = data.slice(1, 2);
    data = nn::dataset();
    CHECK(data.get() == nullptr);
    CHECK((part.get_values("y") == std::vector<float>{1, 1}));
    nn::dataset moved = std::move(part);
    CHECK(moved.rows() == 2);
    CHECK(nn::dataset(4, table.x.data(), 2, table.y.data(), 1).rows() == 4);
    CHECK(nn::dataset(4, table.x.data(), 2).width("y") == 0);
    CHECK(nn::dataset(table.x, 2).rows() == 4);
    CHECK(thrown_by([&] { nn::dataset(table.x, 3); }) == NN_ERR_SHAPE);
    CHECK(thrown_by([&] { nn::dataset(table.x, 1, table.y, 1); }) == NN_ERR_SHAPE);
    CHECK(thrown_by([&] { moved.get_values("x", 1, 2); }) == NN_ERR_INVALID);
    CHECK(thrown_by([] { nn::dataset::load_idx("/nonexistent/images"); }) == NN_ERR_IO);
}

void fit_learns_and_tells(const char *path)
{
    const data_of_or table;
    const nn::dataset data(table.x, 2, table.y, 1);
    nn::model model = compiled_model();
    std::size_t epochs_ended = 0;
    nn::fit_options options;
    options.epochs = 200;
    options.batch_size = 4;
    options.validation_data = &data;
    options.class_weight = {1.0, 1.0};
    options.callback = [&](const nn_event &event) {
        epochs_ended += event.kind == NN_EVENT_EPOCH_END ? 1U : 0U;
        return NN_OK;
    };
    const nn::history history = model.fit(data, options);
    CHECK(!history.stopped());
    CHECK(epochs_ended == 200);
    CHECK(history.get("val_loss").size() == 200);
    CHECK(history.get("loss").back() < history.get("loss").front());
    CHECK(history.names().size() == history.count() && history.count() >= 4);
    CHECK(thrown_by([&] { history.get("nothing"); }) == NN_ERR_INVALID);

    CHECK((model.metric_names() == std::vector<std::string>{"loss", "accuracy"}));
    CHECK(model.evaluate(data).at(1) == 1.0);
    CHECK((model.confusion_matrix(data) == std::vector<std::size_t>{1, 0, 0, 3}));
    CHECK(model.clone().train_on_batch(data).size() == 2);
    CHECK(model.learning_rate() == 1.0);
    model.set_learning_rate(0.5);
    CHECK(model.learning_rate() == 0.5);
    CHECK(thrown_by([&] { model.set_learning_rate(-1); }) == NN_ERR_INVALID);
    CHECK(thrown_by([&] { model.swap_ema_weights(); }) == NN_ERR_STATE);
    const std::vector<float> predicted = model.predict(table.x);
    CHECK(predicted.size() == 4 && predicted[0] < 0.5F && predicted[3] > 0.5F);
    CHECK(thrown_by([&] { model.predict(std::vector<float>(3)); }) == NN_ERR_SHAPE);

    nn::model learns;
    learns.add("normalization input_shape=(2)");
    CHECK(learns.adapt(data).get_weights("normalization/mean").at(0) == 0.5F);
    CHECK(thrown_by([&] { learns.adapt("dense", data); }) == NN_ERR_INVALID);

    model.save(path);
    CHECK(nn::model::load(path).predict(table.x) == predicted);
    CHECK(nn::model::load_from_memory(model.save_to_memory()).predict(table.x) == predicted);
    CHECK(model.clone().predict(table.x.data(), 4) == predicted);
}

void graphs_have_inputs_and_outputs_by_name()
{
    const std::vector<float> a = {1, 2, 3, 4}, b = {0, 1}, sum = {1, 1};
    nn::model model;
    model.add("input shape=2 name=a")
        .add("input shape=1 name=b")
        .add("dense units=2 name=h inputs=a")
        .add("concatenate inputs=(h, b)")
        .add("dense units=1 name=sum")
        .set_outputs("sum, h")
        .set_loss_weights({1.0, 0.5})
        .compile("sgd", "mse", "sum/mae");
    CHECK((model.input_names() == std::vector<std::string>{"a", "b"}));
    CHECK((model.output_names() == std::vector<std::string>{"sum", "h"}));
    CHECK(model.input_count() == 2 && model.output_count() == 2);
    CHECK(model.layer_width("h") == 2 && model.layer_width("none") == 0);
    nn::dataset data = nn::dataset::of_rows(2);
    data.add_column("a", a, 2);
    data.add_column("b", b);
    data.add_column("sum", sum);
    data.add_column("h", a, 2);
    CHECK(model.train_on_batch(data).size() == 4);
    CHECK((model.metric_names() ==
           std::vector<std::string>{"loss", "sum_loss", "h_loss", "sum_mae"}));
}

void models_describe_themselves()
{
    nn::model model = compiled_model();
    CHECK(model.input_width() == 2 && model.output_width() == 1);
    CHECK(model.trainable_count() == 3 && model.parameter_count() == 3);
    CHECK((model.weight_names() == std::vector<std::string>{"dense/kernel", "dense/bias"}));
    CHECK(model.weight_count() == 2);
    CHECK((model.weight_shape("dense/kernel") == std::vector<std::size_t>{2, 1}));
    model.set_weights("dense/kernel", {1.0F, -2.0F});
    CHECK((model.get_weights("dense/kernel") == std::vector<float>{1.0F, -2.0F}));
    CHECK(thrown_by([&] { model.get_weights("dense/colonel"); }) == NN_ERR_INVALID);
    CHECK(model.summary().find("dense") != std::string::npos);
    model.set_class_names({"yes"});
    CHECK(model.class_names() == std::vector<std::string>{"yes"});
    CHECK(nn::help().size() > nn::help("dense").size());
    CHECK(!nn::part_kinds().empty());
    CHECK(!nn::part_names("layer").empty() && nn::part_names("lawyer").empty());
    CHECK(nn::version() == nn_version());
}

void errors_carry_status_and_message()
{
    nn::model model;
    CHECK(thrown_by([&] { model.add("dance units=3 input_shape=(2)"); }) == NN_ERR_INVALID);
    CHECK(nn::error_message().find("dance") != std::string::npos);
    CHECK(thrown_by([&] { model.add(std::string("dense\0units=3", 13)); }) == NN_ERR_INVALID);
    CHECK(thrown_by([&] { model.predict(std::vector<float>(2)); }) == NN_ERR_STATE);
    const nn::model taken = std::move(model);
    CHECK(taken.get() != nullptr);
    CHECK(thrown_by([&] { model.summary(); }) == NN_ERR_INVALID); // null handle after a move
}

/* The rows of the table, as a function of the caller's. */
nn_status read_row(void *user, const std::size_t *rows, std::size_t *count, void *x, void *y,
                   float *)
{
    const data_of_or *table = static_cast<const data_of_or *>(user);
    for (std::size_t i = 0; i < *count; i++) {
        std::copy_n(table->x.data() + 2 * rows[i], 2, static_cast<float *>(x) + 2 * i);
        static_cast<std::int32_t *>(y)[i] = static_cast<std::int32_t>(table->y[rows[i]]);
    }
    return NN_OK;
}

void views_readers_and_the_inside_of_a_model()
{
    data_of_or table;
    const nn::dataset data(table.x, 2, table.y, 1);
    CHECK((data.select({3, 0}).get_values("y") == std::vector<float>{1, 0}));
    const std::pair<nn::dataset, nn::dataset> parts = data.train_test_split(0.25, 1);
    CHECK(parts.first.rows() == 3 && parts.second.rows() == 1);
    CHECK(thrown_by([&] { data.train_test_split(1.5); }) == NN_ERR_INVALID);

    nn_row_reader reader = {};
    reader.struct_size = sizeof(reader);
    reader.rows = 4;
    reader.x_type = NN_FLOAT32;
    reader.x_width = 2;
    reader.y_type = NN_INT32;
    reader.y_width = 1;
    reader.read = read_row;
    reader.user = &table;
    const nn::dataset read = nn::dataset::from_function(reader);
    nn::model model = compiled_model(), same = compiled_model();
    nn::fit_options options;
    options.epochs = 3;
    options.steps_per_epoch = 1;
    options.batch_size = 2;
    options.validation_data = &data;
    options.validation_freq = 2;
    std::size_t began = 0;
    options.all_events = true;
    options.callback = [&](const nn_event &event) {
        began += event.kind == NN_EVENT_BATCH_BEGIN ? 1U : 0U;
        return NN_OK;
    };
    options.callbacks = "gradient_norms; early_stopping monitor=loss patience=9";
    const nn::history history = model.fit(read, options);
    same.fit(data, options);
    CHECK(began == 6 && history.get("loss").size() == 3 && history.get("val_loss").size() == 1);
    CHECK(history.get(model.layer_names().at(0) + "/gradient_norm").size() == 3);
    CHECK(model.predict(table.x) == same.predict(table.x));
    CHECK(model.layer_output(model.layer_names().back(), table.x) == model.predict(table.x));
    CHECK(thrown_by([&] { model.layer_output("none", table.x); }) == NN_ERR_INVALID);
    CHECK(thrown_by([&] { model.get_gradients("none"); }) == NN_ERR_INVALID);
    CHECK(model.compute_gradients(data).size() == 2);
    const std::string name = model.weight_names().at(0);
    CHECK(model.get_gradients(name).size() == model.get_weights(name).size());
}

void stopping_is_no_exception()
{
    const data_of_or table;
    const nn::dataset data(table.x, 2, table.y, 1);
    nn::model model = compiled_model();
    nn::fit_options options;
    options.epochs = 10;
    options.callback = [](const nn_event &event) {
        return event.kind == NN_EVENT_EPOCH_END && event.epoch == 1 ? NN_STOPPED : NN_OK;
    };
    const nn::history history = model.fit(data, options);
    CHECK(history.stopped());
    CHECK(history.get("loss").size() == 2);
}

/* It reaches the caller of fit, past the library; the model stays usable. */
void a_callback_may_throw()
{
    const data_of_or table;
    const nn::dataset data(table.x, 2, table.y, 1);
    nn::model model = compiled_model();
    int calls_after = 0;
    bool thrown = false;
    nn::fit_options options;
    options.epochs = 10;
    options.callback = [&](const nn_event &event) {
        calls_after += thrown ? 1 : 0;
        if (event.kind == NN_EVENT_BATCH_END && event.epoch == 3) {
            thrown = true;
            throw std::string("enough");
        }
        return NN_OK;
    };
    nn::history history;
    bool caught = false;
    try {
        model.fit(data, options, history);
    } catch (const std::string &text) {
        caught = text == "enough";
    }
    CHECK(caught);
    CHECK(calls_after == 0);
    CHECK(history.get() != nullptr && history.get("loss").size() == 3);
    options.callback = nullptr;
    CHECK(model.fit(data, options).get("loss").size() == 10);
}

/* Copies of relu and mean_squared_error. The counter shows that the functions live as long as a model. */
nn::model own_parts(const std::shared_ptr<int> &counter)
{
    nn::custom_activation ramp;
    ramp.name = "ramp";
    ramp.forward = [counter](std::size_t rows, std::size_t width, const float *z, float *y) {
        for (std::size_t i = 0; i < rows * width; i++)
            y[i] = z[i] > 0 ? z[i] : 0;
    };
    ramp.backward = [counter](std::size_t rows, std::size_t width, const float *z, const float *,
                              const float *dy, float *dz) {
        for (std::size_t i = 0; i < rows * width; i++)
            dz[i] = z[i] > 0 ? dy[i] : 0;
    };
    nn::custom_loss squares;
    squares.name = "squares";
    squares.forward = [counter](std::size_t rows, std::size_t width, const float *y_true,
                                const float *y_pred, double *loss) {
        if (width != 1)
            throw nn::error(NN_ERR_SHAPE, "one output, please");
        for (std::size_t i = 0; i < rows; i++)
            loss[i] = double(y_pred[i] - y_true[i]) * double(y_pred[i] - y_true[i]);
    };
    squares.backward = [](std::size_t rows, std::size_t width, const float *y_true,
                          const float *y_pred, float *gradient) {
        for (std::size_t i = 0; i < rows * width; i++)
            gradient[i] = 2 * (y_pred[i] - y_true[i]);
    };
    nn::model model;
    model.register_activation(ramp).register_loss(squares).register_metric(
        nn::custom_metric{"squared_error", squares.forward});
    return model;
}

void parts_may_be_lambdas(const std::string &path)
{
    const std::shared_ptr<int> counter = std::make_shared<int>(0);
    const std::vector<float> x = {0, 0, 0, 1, 1, 0, 1, 1}, y = {0, 1, 1, 1};
    const nn::dataset data(x, 2, y, 1);
    {
        nn::model parts = own_parts(counter), model = own_parts(counter), other;
        model.set_seed(3)
            .add("dense units=4 activation=ramp input_shape=(2)")
            .add("dense units=1")
            .compile("sgd momentum=0.5", "squares", "squared_error");
        other.set_seed(3)
            .add("dense units=4 activation=relu input_shape=(2)")
            .add("dense units=1")
            .compile("sgd momentum=0.5", "mse", "mse");
        nn::fit_options options;
        options.epochs = 20;
        model.fit(data, options);
        other.fit(data, options);
        CHECK(std::fabs(model.evaluate(data).at(0) - other.evaluate(data).at(0)) < 1e-6);
        CHECK(model.evaluate(data).at(1) == model.evaluate(data).at(0));
        model.save(path);
        CHECK(thrown_by([&] { nn::model::load(path); }) == NN_ERR_UNSUPPORTED);
        CHECK(nn::model::load(path, parts).predict(x) == model.predict(x));
        CHECK(nn::model::load_from_memory(model.save_to_memory(), parts).predict(x) ==
              model.predict(x));
        CHECK(thrown_by([&] { model.register_metric(nn::custom_metric()); }) == NN_ERR_INVALID);
        CHECK(thrown_by([&] { model.register_loss(nn::custom_label_loss()); }) == NN_ERR_INVALID);
    }
    CHECK(counter.use_count() == 1);
    nn::model wide = own_parts(counter);
    wide.add("dense units=2 input_shape=(2)").compile("sgd", "squares");
    const nn::dataset pairs(x, 2, x, 2);
    CHECK(thrown_by([&] { wide.train_on_batch(pairs); }) == NN_ERR_SHAPE);
    wide.register_loss(
        nn::custom_label_loss{"first",
                              [](std::size_t rows, std::size_t width, const std::int32_t *y_true,
                                 const float *y_pred, double *loss) {
                                  for (std::size_t i = 0; i < rows; i++)
                                      loss[i] = -double(y_pred[i * width + std::size_t(y_true[i])]);
                              },
                              [](std::size_t, std::size_t, const std::int32_t *, const float *,
                                 float *) { throw std::bad_alloc(); }});
    wide.register_metric(nn::custom_label_metric{
        "label", [](std::size_t rows, std::size_t, const std::int32_t *y_true, const float *,
                    double *values) { std::copy(y_true, y_true + rows, values); }});
    wide.compile("sgd", "first", "label");
    const std::vector<std::int32_t> labels = {0, 1, 1, 1};
    const nn::dataset labelled(x, 2, labels, 1);
    CHECK(wide.evaluate(labelled).at(1) == 0.75);
    CHECK(thrown_by([&] { wide.fit(labelled); }) == NN_ERR_NO_MEMORY);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    try {
        layers_are_frozen_by_name_or_all();
        datasets_take_and_give_vectors();
        fit_learns_and_tells(argv[1]);
        graphs_have_inputs_and_outputs_by_name();
        models_describe_themselves();
        errors_carry_status_and_message();
        views_readers_and_the_inside_of_a_model();
        stopping_is_no_exception();
        a_callback_may_throw();
        parts_may_be_lambdas(argv[1]);
    } catch (const std::exception &failure) {
        std::fprintf(stderr, "consumer.cpp: %s\n", failure.what());
        failures++;
    }
    return failures == 0 ? 0 : 1;
}
