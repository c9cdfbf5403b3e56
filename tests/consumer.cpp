// A C++ program on nn.hpp, compiled by tests/consumers.sh against the installed tree. Its one argument
// is a file name to save a model under. It checks what the wrapper promises beyond nn.h.
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
        stopping_is_no_exception();
        a_callback_may_throw();
    } catch (const std::exception &failure) {
        std::fprintf(stderr, "consumer.cpp: %s\n", failure.what());
        failures++;
    }
    return failures == 0 ? 0 : 1;
}
