/*
 * libnn for C++11 and later: nn.h in move-only objects that free themselves and functions that throw.
 *
 *     nn::model model;
 *     model.add("dense units=16 activation=relu input_shape=(2)");
 *     model.add("dense units=1 activation=sigmoid");
 *     model.compile("sgd learning_rate=0.1", "binary_crossentropy", "accuracy");
 *     nn::fit_options options;
 *     options.epochs = 100;
 *     nn::history history = model.fit(data, options);
 *     std::vector<float> y = model.predict(x);
 *
 * Header-only, written against nn.h alone: link with libnn and nothing else. What a function does,
 * the specs it takes and its thread rules are documented in nn.h at the C function of that name.
 *
 * Errors.    A status below NN_OK is thrown as nn::error, with the library's message as what() and
 *            the status as status(). NN_STOPPED is no error: see nn::history::stopped().
 * Ownership. A model, dataset or history owns its C handle; get() lends it to a C function and
 *            release() gives it away. One that was moved from owns nothing: it may be assigned to or
 *            destroyed, and counts as a null handle elsewhere.
 * Strings.   Are copied, both ways. One with a zero byte inside is refused with NN_ERR_INVALID.
 */
#ifndef NN_HPP
#define NN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn.h"

namespace nn
{

/* ---- errors -------------------------------------------------------------------------------- */

/* A function of the library failed. */
class error : public std::runtime_error
{
  public:
    error(nn_status status, const std::string &message)
        : std::runtime_error(message), status_(status)
    {
    }

    nn_status status() const noexcept
    {
        return status_;
    }

  private:
    nn_status status_;
};

inline const char *status_string(nn_status status) noexcept
{
    return nn_status_string(status);
}

/* This thread's last failure in words, as what() of the error that was thrown for it. */
inline std::string error_message()
{
    return nn_error_message();
}

inline std::string version()
{
    return nn_version();
}

namespace detail
{

/* Throws unless status is NN_OK or NN_STOPPED. */
inline void check(nn_status status)
{
    if (status == NN_OK || status == NN_STOPPED)
        return;
    const std::string message = nn_error_message();
    throw error(status, message.empty() ? nn_status_string(status) : message);
}

/* The string for C, which ends at the first zero byte: one inside would cut it unseen. */
inline const char *c_string(const std::string &text)
{
    if (text.find('\0') != std::string::npos)
        throw error(NN_ERR_INVALID, "a string has a zero byte inside");
    return text.c_str();
}

/* The same for optional strings: an empty one is NULL. */
inline const char *c_string_or_null(const std::string &text)
{
    return text.empty() ? nullptr : c_string(text);
}

/* Rows of width values each that count values make. */
inline std::size_t rows_of(const char *what, std::size_t count, std::size_t width)
{
    if (width == 0 || count % width != 0)
        throw error(NN_ERR_SHAPE, std::string(what) + " has " + std::to_string(count) +
                                      " values, which rows of " + std::to_string(width) +
                                      " can't share evenly");
    return count / width;
}

/* The text that write(buffer, size, &length) writes. */
template <class Write>
std::string text_of(Write write)
{
    std::size_t length = 0;
    check(write(nullptr, 0, &length));
    std::vector<char> buffer(length + 1);
    check(write(buffer.data(), buffer.size(), &length));
    return std::string(buffer.data(), std::min(length, buffer.size() - 1));
}

/* name(0), name(1), ... up to the first NULL. */
template <class Name>
std::vector<std::string> names_of(Name name)
{
    std::vector<std::string> names;
    for (const char *next = name(0); next != nullptr; next = name(names.size()))
        names.push_back(next);
    return names;
}

/* The dimensions that shape(dimensions, count), which returns the rank, writes. */
template <class Shape>
std::vector<std::size_t> shape_of(Shape shape)
{
    std::vector<std::size_t> dimensions(shape(nullptr, 0));
    if (!dimensions.empty())
        shape(dimensions.data(), dimensions.size());
    return dimensions;
}

/* Pointers into names, which must outlive them. */
inline std::vector<const char *> c_strings(const std::vector<std::string> &names)
{
    std::vector<const char *> pointers;
    pointers.reserve(names.size());
    for (const std::string &name : names)
        pointers.push_back(c_string(name));
    return pointers;
}

struct free_handle {
    void operator()(nn_model *handle) const noexcept
    {
        nn_model_free(handle);
    }
    void operator()(nn_dataset *handle) const noexcept
    {
        nn_dataset_free(handle);
    }
    void operator()(nn_history *handle) const noexcept
    {
        nn_history_free(handle);
    }
    void operator()(nn_predictor *handle) const noexcept
    {
        nn_predictor_free(handle);
    }
};

template <class Handle>
using owner = std::unique_ptr<Handle, free_handle>;

/* The nn_dtype of a C++ type; another type doesn't compile. */
template <class T>
struct dtype;
template <>
struct dtype<float> {
    static constexpr nn_dtype value = NN_FLOAT32;
};
template <>
struct dtype<std::uint8_t> {
    static constexpr nn_dtype value = NN_UINT8;
};
template <>
struct dtype<std::int32_t> {
    static constexpr nn_dtype value = NN_INT32;
};

} // namespace detail

/* ---- memory -------------------------------------------------------------------------------- */

/* How many threads the library uses; 0 sets back the default. See nn_set_num_threads. */
inline void set_num_threads(std::size_t threads)
{
    detail::check(nn_set_num_threads(threads));
}

inline std::size_t num_threads()
{
    return nn_num_threads();
}

/* Ends the library's own threads until they are needed again. */
inline void release_threads()
{
    nn_release_threads();
}

/* Sets the library's allocator; see nn_set_allocator. */
inline void set_allocator(const nn_allocator &allocator)
{
    detail::check(nn_set_allocator(&allocator));
}

/* Sets back the library's own. */
inline void reset_allocator()
{
    detail::check(nn_set_allocator(nullptr));
}

/* ---- datasets ------------------------------------------------------------------------------ */

/* A table of rows with columns "x", "y" and optionally "sample_weight". Values are float,
 * std::uint8_t or std::int32_t.
 *
 * The arrays and vectors that a dataset is made from are borrowed: they must outlive it and every
 * slice of it, unchanged in size. Temporary vectors are refused by the compiler. */
class dataset
{
  public:
    /* No data: a null handle. */
    dataset() noexcept = default;

    /* Takes over a handle of the C interface. */
    explicit dataset(nn_dataset *handle) noexcept : handle_(handle)
    {
    }

    /* x[rows x x_width], y[rows x y_width]. */
    template <class X, class Y>
    dataset(std::size_t rows, const X *x, std::size_t x_width, const Y *y, std::size_t y_width)
    {
        create(rows, x, detail::dtype<X>::value, x_width, y, detail::dtype<Y>::value, y_width);
    }

    /* Without targets, for predictions only. */
    template <class X>
    dataset(std::size_t rows, const X *x, std::size_t x_width)
    {
        create(rows, x, detail::dtype<X>::value, x_width, nullptr, NN_FLOAT32, 0);
    }

    /* The same from vectors, whose sizes give the number of rows.
     * Throws NN_ERR_SHAPE if they don't divide evenly or give different numbers. */
    template <class X, class Y>
    dataset(const std::vector<X> &x, std::size_t x_width, const std::vector<Y> &y,
            std::size_t y_width)
    {
        const std::size_t rows = detail::rows_of("x", x.size(), x_width);
        const std::size_t y_rows = detail::rows_of("y", y.size(), y_width);
        if (rows != y_rows)
            throw error(NN_ERR_SHAPE, "x has " + std::to_string(rows) + " rows and y has " +
                                          std::to_string(y_rows));
        create(rows, x.data(), detail::dtype<X>::value, x_width, y.data(), detail::dtype<Y>::value,
               y_width);
    }

    template <class X>
    dataset(const std::vector<X> &x, std::size_t x_width)
    {
        create(detail::rows_of("x", x.size(), x_width), x.data(), detail::dtype<X>::value, x_width,
               nullptr, NN_FLOAT32, 0);
    }

    template <class X, class Y>
    dataset(const std::vector<X> &&, std::size_t, const std::vector<Y> &, std::size_t) = delete;
    template <class X, class Y>
    dataset(const std::vector<X> &, std::size_t, const std::vector<Y> &&, std::size_t) = delete;
    template <class X, class Y>
    dataset(const std::vector<X> &&, std::size_t, const std::vector<Y> &&, std::size_t) = delete;
    template <class X>
    dataset(const std::vector<X> &&, std::size_t) = delete;

    /* So many rows without columns, which are then added. */
    static dataset of_rows(std::size_t rows)
    {
        nn_dataset *handle = nullptr;
        detail::check(
            nn_dataset_from_arrays(&handle, rows, nullptr, NN_FLOAT32, 0, nullptr, NN_FLOAT32, 0));
        return dataset(handle);
    }

    /* Reads IDX files, gzipped or plain; without labels if that name is empty. */
    static dataset load_idx(const std::string &images, const std::string &labels = std::string())
    {
        nn_dataset *handle = nullptr;
        detail::check(nn_dataset_load_idx(&handle, detail::c_string(images),
                                          detail::c_string_or_null(labels)));
        return dataset(handle);
    }

    /* Adds a borrowed column of rows() x width values: "sample_weight", or that of an input or output
     * of a model, under the name of its layer. */
    template <class T>
    void add_column(const std::string &name, const T *values, std::size_t width = 1)
    {
        detail::check(nn_dataset_add_column(get(), detail::c_string(name), values,
                                            detail::dtype<T>::value, width));
    }

    template <class T>
    void add_column(const std::string &name, const std::vector<T> &values, std::size_t width = 1)
    {
        if (detail::rows_of(name.c_str(), values.size(), width) != rows())
            throw error(NN_ERR_SHAPE, "column " + name + " has " +
                                          std::to_string(values.size() / width) +
                                          " rows and the dataset has " + std::to_string(rows()));
        add_column(name, values.data(), width);
    }

    template <class T>
    void add_column(const std::string &, const std::vector<T> &&, std::size_t = 1) = delete;

    /* A view of count rows from first on; the whole may be destroyed first. */
    dataset slice(std::size_t first, std::size_t count) const
    {
        nn_dataset *handle = nullptr;
        detail::check(nn_dataset_slice(&handle, get(), first, count));
        return dataset(handle);
    }

    /* Rows that a function reads; see nn_row_reader, which is copied. */
    static dataset from_function(const nn_row_reader &reader)
    {
        nn_dataset *handle = nullptr;
        detail::check(nn_dataset_from_function(&handle, &reader));
        return dataset(handle);
    }

    /* A view of chosen rows, in their order; the whole may be destroyed first. */
    dataset select(const std::vector<std::size_t> &rows) const
    {
        nn_dataset *handle = nullptr;
        detail::check(nn_dataset_select(&handle, get(), rows.data(), rows.size()));
        return dataset(handle);
    }

    /* Two shuffled views: rows to train on, and ceil(test_size x rows()) for the test. */
    std::pair<dataset, dataset> train_test_split(double test_size, std::uint64_t seed = 0,
                                                 bool stratify = false) const
    {
        nn_dataset *train = nullptr, *test = nullptr;
        detail::check(
            nn_dataset_train_test_split(&train, &test, get(), test_size, seed, stratify ? 1 : 0));
        return std::pair<dataset, dataset>(dataset(train), dataset(test));
    }

    std::size_t rows() const noexcept
    {
        return nn_dataset_rows(get());
    }

    /* Values in a row of a column, 0 if there is no such column. */
    std::size_t width(const std::string &column) const
    {
        return nn_dataset_width(get(), detail::c_string(column));
    }

    /* The shape of a row of a column, empty if there is no such column. */
    std::vector<std::size_t> shape(const std::string &column) const
    {
        const char *name = detail::c_string(column);
        return detail::shape_of([&](std::size_t *dimensions, std::size_t count) {
            return nn_dataset_shape(get(), name, dimensions, count);
        });
    }

    /* Copies rows first ... first + count - 1 of a column to values[count x width(column)]. */
    void get_values(const std::string &column, std::size_t first, std::size_t count,
                    float *values) const
    {
        detail::check(nn_dataset_get_values(get(), detail::c_string(column), first, count, values));
    }

    std::vector<float> get_values(const std::string &column, std::size_t first,
                                  std::size_t count) const
    {
        if (first > rows() || count > rows() - first)
            throw error(NN_ERR_INVALID, "rows " + std::to_string(first) + " to " +
                                            std::to_string(first) + " + " + std::to_string(count) +
                                            " of a dataset of " + std::to_string(rows()) + " rows");
        std::vector<float> values(count * width(column));
        get_values(column, first, count, values.data());
        return values;
    }

    /* All rows of a column. */
    std::vector<float> get_values(const std::string &column) const
    {
        return get_values(column, 0, rows());
    }

    void set_class_names(const std::vector<std::string> &names)
    {
        const std::vector<const char *> pointers = detail::c_strings(names);
        detail::check(nn_dataset_set_class_names(get(), pointers.data(), pointers.size()));
    }

    std::size_t class_count() const noexcept
    {
        return nn_dataset_class_count(get());
    }

    std::vector<std::string> class_names() const
    {
        return detail::names_of(
            [this](std::size_t index) { return nn_dataset_class_name(get(), index); });
    }

    nn_dataset *get() const noexcept
    {
        return handle_.get();
    }

    nn_dataset *release() noexcept
    {
        return handle_.release();
    }

  private:
    void create(std::size_t rows, const void *x, nn_dtype x_type, std::size_t x_width,
                const void *y, nn_dtype y_type, std::size_t y_width)
    {
        nn_dataset *handle = nullptr;
        detail::check(
            nn_dataset_from_arrays(&handle, rows, x, x_type, x_width, y, y_type, y_width));
        handle_.reset(handle);
    }

    detail::owner<nn_dataset> handle_;
};

/* ---- training ------------------------------------------------------------------------------ */

/* What fit measured: a value of each column ("loss", "val_accuracy") for each epoch that ended. */
class history
{
  public:
    /* No columns. */
    history() noexcept = default;

    /* Takes over a handle of the C interface. */
    explicit history(nn_history *handle, bool stopped = false) noexcept
        : handle_(handle), stopped_(stopped)
    {
    }

    /* Whether training was asked to stop (NN_STOPPED) before its last epoch. */
    bool stopped() const noexcept
    {
        return stopped_;
    }

    /* The values of a column, one an epoch. */
    std::vector<double> get(const std::string &name) const
    {
        const double *values = nullptr;
        std::size_t count = 0;
        detail::check(nn_history_get(get(), detail::c_string(name), &values, &count));
        return std::vector<double>(values, values + count);
    }

    /* Columns, and their names. */
    std::size_t count() const noexcept
    {
        return nn_history_count(get());
    }

    std::vector<std::string> names() const
    {
        return detail::names_of(
            [this](std::size_t index) { return nn_history_name(get(), index); });
    }

    nn_history *get() const noexcept
    {
        return handle_.get();
    }

    nn_history *release() noexcept
    {
        return handle_.release();
    }

  private:
    detail::owner<nn_history> handle_;
    bool stopped_ = false;
};

/* Options of model::fit, with the meaning and defaults of nn_fit_options. */
struct fit_options {
    std::size_t epochs = 1;
    std::size_t batch_size = 32;
    std::size_t initial_epoch = 0;
    bool shuffle = true;
    int verbose = 0;                          /* 0 silent, 1 progress bar, 2 a line an epoch */
    const dataset *validation_data = nullptr; /* borrowed; nullptr: none */
    double validation_split = 0.0;
    std::vector<double> class_weight; /* factor of each class's loss; empty: 1 */
    std::string callbacks;            /* "csv_logger filename=log.csv"; empty: none */
    bool all_events =
        false; /* callback is called for every event, not for the first five kinds only */
    int validation_freq = 1;          /* epochs from one validation to the next */
    std::size_t steps_per_epoch = 0;  /* batches; 0: a whole pass */
    std::size_t validation_steps = 0; /* batches; 0: all */
    std::size_t validation_batch_size = 0;

    /* Called for every event: NN_OK goes on, NN_STOPPED ends training after this batch, anything
     * else ends it at once and is thrown by fit. An exception that it throws ends training at once
     * too, and leaves fit as it is; the callback isn't called again. */
    std::function<nn_status(const nn_event &)> callback;
};

namespace detail
{

/* A std::function as an nn_event_function. No exception passes the library's C frames: it is kept
 * here until they have returned. */
struct event_relay {
    const std::function<nn_status(const nn_event &)> &callback;
    std::exception_ptr thrown;

    static nn_status call(const nn_event *event, void *user) noexcept
    {
        event_relay *relay = static_cast<event_relay *>(user);
        if (relay->thrown)
            return NN_ERR_STATE;
        try {
            return relay->callback(*event);
        } catch (...) {
            relay->thrown = std::current_exception();
            return NN_ERR_STATE;
        }
    }
};

} // namespace detail

/* ---- a caller's own parts ------------------------------------------------------------------ */

/* Activations, losses and metrics of the caller's own, for model::register_activation and its like; what
 * their functions are given and must do is said at nn_custom_activation, nn_custom_loss and nn_custom_metric.
 * They are copied and live as long as a model has the part. One that throws ends the call that needed it,
 * which throws nn::error: with the status of an nn::error, NN_ERR_NO_MEMORY for std::bad_alloc, and
 * NN_ERR_STATE for anything else. */
struct custom_activation {
    std::string name;
    std::function<void(std::size_t rows, std::size_t width, const float *z, float *y)> forward;
    std::function<void(std::size_t rows, std::size_t width, const float *z, const float *y,
                       const float *dy, float *dz)>
        backward;
};

/* y_true: values[rows x width]. */
struct custom_loss {
    std::string name;
    std::function<void(std::size_t rows, std::size_t width, const float *y_true,
                       const float *y_pred, double *loss)>
        forward;
    std::function<void(std::size_t rows, std::size_t width, const float *y_true,
                       const float *y_pred, float *gradient)>
        backward;
};

struct custom_metric {
    std::string name;
    std::function<void(std::size_t rows, std::size_t width, const float *y_true,
                       const float *y_pred, double *values)>
        values;
};

/* The same where y_true are class labels[rows]. */
struct custom_label_loss {
    std::string name;
    std::function<void(std::size_t rows, std::size_t width, const std::int32_t *y_true,
                       const float *y_pred, double *loss)>
        forward;
    std::function<void(std::size_t rows, std::size_t width, const std::int32_t *y_true,
                       const float *y_pred, float *gradient)>
        backward;
};

struct custom_label_metric {
    std::string name;
    std::function<void(std::size_t rows, std::size_t width, const std::int32_t *y_true,
                       const float *y_pred, double *values)>
        values;
};

namespace detail
{

/* What a function of the caller's comes to in C, which no exception may pass. */
template <class Call>
nn_status status_of(Call call) noexcept
{
    try {
        call();
        return NN_OK;
    } catch (const error &failure) {
        return failure.status();
    } catch (const std::bad_alloc &) {
        return NN_ERR_NO_MEMORY;
    } catch (...) {
        return NN_ERR_STATE;
    }
}

template <class Part>
void release_part(void *user) noexcept
{
    delete static_cast<Part *>(user);
}

inline nn_status activation_forward(void *user, std::size_t rows, std::size_t width, const float *z,
                                    float *y) noexcept
{
    const custom_activation *part = static_cast<custom_activation *>(user);
    return status_of([=] { part->forward(rows, width, z, y); });
}

inline nn_status activation_backward(void *user, std::size_t rows, std::size_t width,
                                     const float *z, const float *y, const float *dy,
                                     float *dz) noexcept
{
    const custom_activation *part = static_cast<custom_activation *>(user);
    return status_of([=] { part->backward(rows, width, z, y, dy, dz); });
}

/* Target: what y_true points to. */
template <class Part, class Target>
nn_status loss_forward(void *user, std::size_t rows, std::size_t width, const void *y_true,
                       const float *y_pred, double *loss) noexcept
{
    const Part *part = static_cast<Part *>(user);
    const Target *target = static_cast<const Target *>(y_true);
    return status_of([=] { part->forward(rows, width, target, y_pred, loss); });
}

template <class Part, class Target>
nn_status loss_backward(void *user, std::size_t rows, std::size_t width, const void *y_true,
                        const float *y_pred, float *gradient) noexcept
{
    const Part *part = static_cast<Part *>(user);
    const Target *target = static_cast<const Target *>(y_true);
    return status_of([=] { part->backward(rows, width, target, y_pred, gradient); });
}

template <class Part, class Target>
nn_status metric_values(void *user, std::size_t rows, std::size_t width, const void *y_true,
                        const float *y_pred, double *values) noexcept
{
    const Part *part = static_cast<Part *>(user);
    const Target *target = static_cast<const Target *>(y_true);
    return status_of([=] { part->values(rows, width, target, y_pred, values); });
}

/* Registers a copy of part, which the model owns from then on; an empty std::function is a NULL. */
inline void add_activation(nn_model *model, const custom_activation &part)
{
    std::unique_ptr<custom_activation> copy(new custom_activation(part));
    nn_custom_activation given = nn_custom_activation();
    given.struct_size = sizeof(given);
    given.name = c_string(copy->name);
    given.forward = copy->forward ? activation_forward : nullptr;
    given.backward = copy->backward ? activation_backward : nullptr;
    given.user = copy.get();
    given.release = release_part<custom_activation>;
    check(nn_model_register_activation(model, &given));
    copy.release();
}

template <class Target, class Part>
void add_loss(nn_model *model, const Part &part)
{
    std::unique_ptr<Part> copy(new Part(part));
    nn_custom_loss given = nn_custom_loss();
    given.struct_size = sizeof(given);
    given.name = c_string(copy->name);
    given.labels = std::is_same<Target, std::int32_t>::value ? 1 : 0;
    given.forward = copy->forward ? loss_forward<Part, Target> : nullptr;
    given.backward = copy->backward ? loss_backward<Part, Target> : nullptr;
    given.user = copy.get();
    given.release = release_part<Part>;
    check(nn_model_register_loss(model, &given));
    copy.release();
}

template <class Target, class Part>
void add_metric(nn_model *model, const Part &part)
{
    std::unique_ptr<Part> copy(new Part(part));
    nn_custom_metric given = nn_custom_metric();
    given.struct_size = sizeof(given);
    given.name = c_string(copy->name);
    given.labels = std::is_same<Target, std::int32_t>::value ? 1 : 0;
    given.values = copy->values ? metric_values<Part, Target> : nullptr;
    given.user = copy.get();
    given.release = release_part<Part>;
    check(nn_model_register_metric(model, &given));
    copy.release();
}

} // namespace detail

/* ---- models -------------------------------------------------------------------------------- */

/* A sequential model. */
class model
{
  public:
    /* A model without layers. */
    model()
    {
        nn_model *handle = nullptr;
        detail::check(nn_model_create(&handle));
        handle_.reset(handle);
    }

    /* Takes over a handle of the C interface. */
    explicit model(nn_model *handle) noexcept : handle_(handle)
    {
    }

    /* Reads a model that save wrote. */
    static model load(const std::string &path)
    {
        nn_model *handle = nullptr;
        detail::check(nn_model_load(&handle, detail::c_string(path)));
        return model(handle);
    }

    static model load_from_memory(const void *bytes, std::size_t size)
    {
        nn_model *handle = nullptr;
        detail::check(nn_model_load_from_memory(&handle, bytes, size));
        return model(handle);
    }

    static model load_from_memory(const std::vector<unsigned char> &bytes)
    {
        return load_from_memory(bytes.data(), bytes.size());
    }

    /* The same where the file names parts of the caller's own: parts has them. */
    static model load(const std::string &path, const model &parts)
    {
        nn_model *handle = nullptr;
        detail::check(nn_model_load_with_parts(&handle, detail::c_string(path), parts.get()));
        return model(handle);
    }

    static model load_from_memory(const void *bytes, std::size_t size, const model &parts)
    {
        nn_model *handle = nullptr;
        detail::check(nn_model_load_from_memory_with_parts(&handle, bytes, size, parts.get()));
        return model(handle);
    }

    static model load_from_memory(const std::vector<unsigned char> &bytes, const model &parts)
    {
        return load_from_memory(bytes.data(), bytes.size(), parts);
    }

    void save(const std::string &path) const
    {
        detail::check(nn_model_save(get(), detail::c_string(path)));
    }

    std::vector<unsigned char> save_to_memory() const
    {
        std::size_t length = 0;
        detail::check(nn_model_save_to_memory(get(), nullptr, 0, &length));
        std::vector<unsigned char> bytes(length);
        detail::check(nn_model_save_to_memory(get(), bytes.data(), bytes.size(), &length));
        bytes.resize(std::min(length, bytes.size()));
        return bytes;
    }

    /* A model of its own with the same layers, weights and optimizer state. */
    model clone() const
    {
        nn_model *handle = nullptr;
        detail::check(nn_model_clone(&handle, get()));
        return model(handle);
    }

    /* Functions that build a model return it, so that they can be chained. */
    model &register_activation(const custom_activation &part)
    {
        detail::add_activation(get(), part);
        return *this;
    }

    model &register_loss(const custom_loss &part)
    {
        detail::add_loss<float>(get(), part);
        return *this;
    }

    model &register_loss(const custom_label_loss &part)
    {
        detail::add_loss<std::int32_t>(get(), part);
        return *this;
    }

    model &register_metric(const custom_metric &part)
    {
        detail::add_metric<float>(get(), part);
        return *this;
    }

    model &register_metric(const custom_label_metric &part)
    {
        detail::add_metric<std::int32_t>(get(), part);
        return *this;
    }

    model &add(const std::string &layer)
    {
        detail::check(nn_model_add(get(), detail::c_string(layer)));
        return *this;
    }

    model &set_seed(std::uint64_t seed)
    {
        detail::check(nn_model_set_seed(get(), seed));
        return *this;
    }

    /* Layers whose outputs are the model's: "head, tail". */
    model &set_outputs(const std::string &layers)
    {
        detail::check(nn_model_set_outputs(get(), detail::c_string(layers)));
        return *this;
    }

    model &set_loss_weights(const std::vector<double> &weights)
    {
        detail::check(nn_model_set_loss_weights(get(), weights.data(), weights.size()));
        return *this;
    }

    /* A layer by name, or every layer; the model must then be compiled again. */
    model &set_trainable(const std::string &layer, bool trainable)
    {
        detail::check(nn_model_set_trainable(get(), detail::c_string(layer), trainable ? 1 : 0));
        return *this;
    }

    model &set_trainable(bool trainable)
    {
        detail::check(nn_model_set_trainable(get(), nullptr, trainable ? 1 : 0));
        return *this;
    }

    model &set_trainable(const char *) = delete; /* or a name alone would pass for true */

    /* metrics: a list, "accuracy; mean_absolute_error; accuracy weighted=true"; empty: none. */
    model &compile(const std::string &optimizer, const std::string &loss,
                   const std::string &metrics = std::string())
    {
        detail::check(nn_model_compile(get(), detail::c_string(optimizer), detail::c_string(loss),
                                       detail::c_string_or_null(metrics)));
        return *this;
    }

    /* Lets the layer of that name learn from data before training, or all that learn so. */
    model &adapt(const std::string &layer, const dataset &data)
    {
        detail::check(nn_model_adapt(get(), detail::c_string(layer), data.get()));
        return *this;
    }

    model &adapt(const dataset &data)
    {
        detail::check(nn_model_adapt(get(), nullptr, data.get()));
        return *this;
    }

    /* Trains and returns what was measured. A stop asked for by a callback is no exception:
     * history.stopped() tells. */
    history fit(const dataset &data, const fit_options &options = fit_options())
    {
        history record;
        fit(data, options, record);
        return record;
    }

    /* The same, with the epochs that ended in record even if it throws. */
    void fit(const dataset &data, const fit_options &options, history &record)
    {
        detail::event_relay relay = {options.callback, nullptr};
        nn_fit_options c_options = NN_FIT_OPTIONS_INIT;
        c_options.epochs = options.epochs;
        c_options.batch_size = options.batch_size;
        c_options.initial_epoch = options.initial_epoch;
        c_options.shuffle = options.shuffle ? 1 : 0;
        c_options.verbose = options.verbose;
        if (options.validation_data != nullptr)
            c_options.validation_data = options.validation_data->get();
        c_options.validation_split = options.validation_split;
        if (!options.class_weight.empty())
            c_options.class_weight = options.class_weight.data();
        c_options.class_weight_count = options.class_weight.size();
        c_options.callbacks = detail::c_string_or_null(options.callbacks);
        c_options.all_events = options.all_events ? 1 : 0;
        c_options.validation_freq = options.validation_freq;
        c_options.steps_per_epoch = options.steps_per_epoch;
        c_options.validation_steps = options.validation_steps;
        c_options.validation_batch_size = options.validation_batch_size;
        if (options.callback) {
            c_options.callback = detail::event_relay::call;
            c_options.callback_user = &relay;
        }
        nn_history *handle = nullptr;
        const nn_status status = nn_fit(get(), data.get(), &c_options, &handle);
        record = history(handle, status == NN_STOPPED);
        if (relay.thrown)
            std::rethrow_exception(relay.thrown);
        detail::check(status);
    }

    /* Loss, then the metrics, in the order of metric_names(). */
    std::vector<double> evaluate(const dataset &data) const
    {
        std::vector<double> values(metric_count());
        evaluate(data, values.data(), values.size());
        return values;
    }

    void evaluate(const dataset &data, double *values, std::size_t count) const
    {
        detail::check(nn_evaluate(get(), data.get(), values, count));
    }

    /* counts.at(t * classes + p): how often class t was taken for p; classes is the output's width, or 2
     * for one output. */
    std::vector<std::size_t> confusion_matrix(const dataset &data) const
    {
        const std::size_t classes = output_width() == 1 ? 2 : output_width();
        std::vector<std::size_t> counts(classes * classes);
        detail::check(nn_confusion_matrix(get(), data.get(), counts.data(), classes));
        return counts;
    }

    /* One optimizer step on all rows of batch; returns what evaluate would have given before it. */
    std::vector<double> train_on_batch(const dataset &batch)
    {
        std::vector<double> values(metric_count());
        train_on_batch(batch, values.data(), values.size());
        return values;
    }

    void train_on_batch(const dataset &batch, double *values, std::size_t count)
    {
        detail::check(nn_train_on_batch(get(), batch.get(), values, count));
    }

    /* The gradients of batch's loss, without a step; then each weight's by name. */
    std::vector<double> compute_gradients(const dataset &batch)
    {
        std::vector<double> values(metric_count());
        detail::check(nn_model_compute_gradients(get(), batch.get(), values.data(), values.size()));
        return values;
    }

    std::vector<float> get_gradients(const std::string &name) const
    {
        std::size_t count = 1;
        for (const std::size_t dimension : weight_shape(name))
            count *= dimension;
        std::vector<float> values(count);
        detail::check(nn_model_get_gradients(get(), detail::c_string(name), values.data(), count));
        return values;
    }

    /* What the layer of that name gives for each row of x. */
    std::vector<float> layer_output(const std::string &layer, const std::vector<float> &x) const
    {
        const std::size_t rows = rows_of_input(x.size());
        std::vector<float> y(rows * nn_model_layer_width(get(), detail::c_string(layer)));
        detail::check(
            nn_model_layer_output(get(), detail::c_string(layer), x.data(), rows, y.data()));
        return y;
    }

    std::vector<std::string> layer_names() const
    {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < nn_model_layer_count(get()); i++)
            names.push_back(nn_model_layer_name(get(), i));
        return names;
    }

    /* The output for each row of x. Throws NN_ERR_SHAPE if x isn't whole rows of input_width(). */
    std::vector<float> predict(const std::vector<float> &x) const
    {
        return predict(x.data(), rows_of_input(x.size()));
    }

    std::vector<float> predict(const float *x, std::size_t rows) const
    {
        const std::size_t width = output_width();
        std::vector<float> y;
        if (width != 0 && rows > y.max_size() / width)
            throw error(NN_ERR_NO_MEMORY,
                        std::to_string(rows) + " rows of output are more than memory can hold");
        y.resize(rows * width);
        predict(x, rows, y.data());
        return y;
    }

    /* x[rows x input_width()] to y[rows x output_width()]; allocates nothing when warm. */
    void predict(const float *x, std::size_t rows, float *y) const
    {
        detail::check(nn_predict(get(), x, rows, y));
    }

    /* Values of one row; 0 while the model has no layers. */
    std::size_t input_width() const noexcept
    {
        return nn_model_input_width(get());
    }

    std::size_t output_width() const noexcept
    {
        return nn_model_output_width(get());
    }

    std::size_t input_count() const noexcept
    {
        return nn_model_input_count(get());
    }

    std::size_t output_count() const noexcept
    {
        return nn_model_output_count(get());
    }

    /* Names of the inputs and outputs, in their order; an input that is the first layer's input_shape
     * is "x". */
    std::vector<std::string> input_names() const
    {
        return detail::names_of(
            [this](std::size_t index) { return nn_model_input_name(get(), index); });
    }

    std::vector<std::string> output_names() const
    {
        return detail::names_of(
            [this](std::size_t index) { return nn_model_output_name(get(), index); });
    }

    /* Values of one row of what the layer of that name gives; 0 if there is none. */
    std::size_t layer_width(const std::string &layer) const
    {
        return nn_model_layer_width(get(), detail::c_string(layer));
    }

    std::size_t trainable_count() const noexcept
    {
        return nn_model_trainable_count(get());
    }

    std::size_t parameter_count() const noexcept
    {
        return nn_model_parameter_count(get());
    }

    /* What evaluate and train_on_batch return: "loss", then the metrics; none before compile. */
    std::size_t metric_count() const noexcept
    {
        return nn_model_metric_count(get());
    }

    std::vector<std::string> metric_names() const
    {
        return detail::names_of(
            [this](std::size_t index) { return nn_model_metric_name(get(), index); });
    }

    /* Weights under Keras's names: "dense/kernel", "dense_1/bias". */
    std::size_t weight_count() const noexcept
    {
        return nn_model_weight_count(get());
    }

    std::vector<std::string> weight_names() const
    {
        return detail::names_of(
            [this](std::size_t index) { return nn_model_weight_name(get(), index); });
    }

    /* Empty for an unknown name. */
    std::vector<std::size_t> weight_shape(const std::string &name) const
    {
        const char *text = detail::c_string(name);
        return detail::shape_of([&](std::size_t *dimensions, std::size_t count) {
            return nn_model_weight_shape(get(), text, dimensions, count);
        });
    }

    /* All values of a weight, row-major. */
    std::vector<float> get_weights(const std::string &name) const
    {
        std::size_t count = 1;
        for (const std::size_t dimension : weight_shape(name))
            count *= dimension;
        std::vector<float> values(count);
        get_weights(name, values.data(), values.size());
        return values;
    }

    void get_weights(const std::string &name, float *values, std::size_t count) const
    {
        detail::check(nn_model_get_weights(get(), detail::c_string(name), values, count));
    }

    void set_weights(const std::string &name, const std::vector<float> &values)
    {
        set_weights(name, values.data(), values.size());
    }

    void set_weights(const std::string &name, const float *values, std::size_t count)
    {
        detail::check(nn_model_set_weights(get(), detail::c_string(name), values, count));
    }

    /* The learning rate of the next step; 0 before compile. */
    double learning_rate() const noexcept
    {
        return nn_model_learning_rate(get());
    }

    /* Throws NN_ERR_STATE where a schedule gives the rate. A callback may do this to the model being
     * trained. */
    void set_learning_rate(double rate)
    {
        detail::check(nn_model_set_learning_rate(get(), rate));
    }

    /* Swaps the trainable weights with their moving average, and back. */
    void swap_ema_weights()
    {
        detail::check(nn_model_swap_ema_weights(get()));
    }

    void set_class_names(const std::vector<std::string> &names)
    {
        const std::vector<const char *> pointers = detail::c_strings(names);
        detail::check(nn_model_set_class_names(get(), pointers.data(), pointers.size()));
    }

    std::size_t class_count() const noexcept
    {
        return nn_model_class_count(get());
    }

    std::vector<std::string> class_names() const
    {
        return detail::names_of(
            [this](std::size_t index) { return nn_model_class_name(get(), index); });
    }

    /* Times how matrix products are cut into tiles, for steps of so many rows, and keeps the fastest. */
    void measure(std::size_t batch_size)
    {
        detail::check(nn_model_measure(get(), batch_size));
    }

    /* What was measured, a line a product. */
    std::string plan() const
    {
        return detail::text_of([this](char *buffer, std::size_t size, std::size_t *length) {
            return nn_model_plan(get(), buffer, size, length);
        });
    }

    /* A table of layers, output shapes and parameter counts. UTF-8. */
    std::string summary() const
    {
        return detail::text_of([this](char *buffer, std::size_t size, std::size_t *length) {
            return nn_model_summary(get(), buffer, size, length);
        });
    }

    nn_model *get() const noexcept
    {
        return handle_.get();
    }

    nn_model *release() noexcept
    {
        return handle_.release();
    }

  private:
    std::size_t rows_of_input(std::size_t count) const
    {
        if (input_width() == 0)
            throw error(NN_ERR_STATE, "the model has no layers");
        return detail::rows_of("x", count, input_width());
    }

    detail::owner<nn_model> handle_;
};

/* Predictions for real-time callers: a run allocates nothing, takes no lock and stays on the thread that
 * calls. One thread at a time; the model must outlive it. See nn_predictor_create. */
class predictor
{
  public:
    predictor(const model &source, std::size_t rows)
    {
        nn_predictor *made = nullptr;
        detail::check(nn_predictor_create(&made, source.get(), rows));
        handle_.reset(made);
    }

    /* x[rows x input width] to y[rows x output width], for at most the rows it was made for. */
    void run(const float *x, std::size_t rows, float *y)
    {
        detail::check(nn_predictor_run(handle_.get(), x, rows, y));
    }

  private:
    detail::owner<nn_predictor> handle_;
};

/* ---- the known parts ----------------------------------------------------------------------- */

/* "activation", "initializer", "layer", ... */
inline std::vector<std::string> part_kinds()
{
    return detail::names_of(nn_part_kind);
}

/* The parts of a kind; empty for an unknown kind. */
inline std::vector<std::string> part_names(const std::string &kind)
{
    const char *text = detail::c_string(kind);
    return detail::names_of([text](std::size_t index) { return nn_part_name(text, index); });
}

/* Help on a part or a kind; on everything if it is empty. */
inline std::string help(const std::string &part = std::string())
{
    const char *name = detail::c_string_or_null(part);
    return detail::text_of([name](char *buffer, std::size_t size, std::size_t *length) {
        return nn_help(name, buffer, size, length);
    });
}

} // namespace nn

#endif /* NN_HPP */
