/*
 * libnn: neural networks for C and C++ programs.
 *
 * A model is a list of layers, or a graph of them. It is built, compiled, fitted to a dataset, evaluated, used to
 * predict, saved and loaded, under the names that Keras gives these things:
 *
 *     nn_model *model;
 *     nn_model_create(&model);
 *     nn_model_add(model, "dense units=16 activation=relu input_shape=(2)");
 *     nn_model_add(model, "dense units=1 activation=sigmoid");
 *     nn_model_compile(model, "sgd learning_rate=0.1", "binary_crossentropy", "accuracy");
 *     nn_fit(model, data, NULL, NULL);
 *     nn_predict(model, x, rows, y);
 *     nn_model_free(model);
 *
 * Parts (layers, activations, initializers, regularizers, constraints, losses, metrics, optimizers,
 * schedules, callbacks) are named by specs in text:
 *
 *     spec  = name { key "=" value } | name(key=value, ...)     separated by blanks or commas
 *     value = number | true | false | none | name | 'string' | (tuple) | name(key=value, ...)
 *     list  = spec { ";" spec }
 *
 * A name is Keras's: its own (mean_squared_error), its short one (mse, MSE) or its class (MeanSquaredError).
 * A metric of one output of several is named with it: head/accuracy.
 *
 * Numbers are read as in the C locale, whatever the program's own is. nn_help() describes every
 * part and its options.
 *
 * Status.     Every function that can fail returns an nn_status: NN_OK (0), NN_STOPPED (a caller
 *             asked to stop; not an error) or a negative error. nn_error_message() says in words
 *             what this thread's last failure was. A function that fails changes nothing, unless
 *             its comment says so; an output handle is set to NULL.
 * Ownership.  What a *_create, *_load, *_from_arrays, *_slice or *_clone function gives belongs to
 *             the caller and is freed by the matching *_free, which takes NULL. Strings returned as
 *             const char * belong to the library.
 * Threads.    Any number of threads may use different objects. One model may be read (predict,
 *             evaluate, get_weights, save, summary, ...) by many threads at once. A call that
 *             changes a model (add, compile, fit, train_on_batch, set_weights, ...) needs it alone:
 *             it fails with NN_ERR_STATE when another thread is using the model, and others fail
 *             with NN_ERR_STATE while it runs; nobody waits. Callbacks of a fit may read the model
 *             being fitted, from the fit's thread. To train while others predict, fit a clone and
 *             swap the two. Functions that return no status (counts, widths, names) and nn_model_free
 *             must not run while another thread changes the model.
 * Process.    The library prints nothing unasked, installs no signal handlers, never exits, and
 *             leaves locale, floating-point environment and random state of the process alone.
 * Arrays.     Row-major. A batch is rows x values of a row; a kernel is inputs x outputs.
 */
#ifndef NN_H
#define NN_H

#include <stddef.h>
#include <stdint.h>

#define NN_VERSION_MAJOR 1
#define NN_VERSION_MINOR 0
#define NN_VERSION_PATCH 0

#if defined(__GNUC__)
#define NN_API __attribute__((visibility("default")))
#else
#define NN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status ------------------------------------------------------------------------------- */

typedef enum nn_status {
    NN_OK = 0,
    NN_STOPPED = 1,           /* training was asked to stop; not an error */
    NN_ERR_INVALID = -10,     /* an argument, a spec or an option is wrong */
    NN_ERR_NO_MEMORY = -20,   /* out of memory, or a size that no memory can hold */
    NN_ERR_IO = -30,          /* a file can't be opened, read or written */
    NN_ERR_FORMAT = -40,      /* a file isn't what it should be */
    NN_ERR_UNSUPPORTED = -50, /* valid, but not something this library can do */
    NN_ERR_SHAPE = -60,       /* shapes that don't fit together */
    NN_ERR_STATE = -70,       /* not compiled, already built, or in use by another thread */
    NN_ERR_NONFINITE = -80,   /* training met an infinity or a NaN */
    NN_ERR_VERSION = -90      /* made by a newer version */
} nn_status;

/* A status in a few words ("shape mismatch"). Never NULL. */
NN_API const char *nn_status_string(nn_status status);

/* This thread's last failure in words; "" if there was none. Valid until this thread's next failure. */
NN_API const char *nn_error_message(void);

/* The library's version, "1.0.0". */
NN_API const char *nn_version(void);

/* ---- memory ------------------------------------------------------------------------------- */

/* The host's allocator. allocate gives size (> 0) bytes at a multiple of alignment (a power of 2,
 * at most 64), or NULL; both functions may be called from any thread. */
typedef struct nn_allocator {
    size_t struct_size; /* sizeof(nn_allocator) */
    void *(*allocate)(void *user, size_t alignment, size_t size);
    void (*release)(void *user, void *memory);
    void *user;
} nn_allocator;

/* Sets the allocator for everything that libnn itself allocates from now on; NULL sets back the
 * default. Call it before any other function: an object made with one allocator must be freed with
 * the same. Not thread-safe. Errors: NN_ERR_INVALID. */
NN_API nn_status nn_set_allocator(const nn_allocator *allocator);

/* ---- threads ------------------------------------------------------------------------------- */

/* How many threads libnn uses, with the one that calls, 1 ... 256; 0 sets back the default: the
 * environment's NN_NUM_THREADS, else the cores that the process may use (affinity mask, control group).
 * It changes no result: every computation has the same bits on any number of threads. Threads are made
 * when they are first needed and sleep in between. May be called at any time from any thread.
 * Errors: NN_ERR_INVALID. */
NN_API nn_status nn_set_num_threads(size_t threads);
NN_API size_t nn_num_threads(void);

/* Ends the library's own threads, for a host that must not have any at some moment (before it changes
 * its user, or ends under a leak checker). Waits for what they are doing; they are made again when they
 * are needed. */
NN_API void nn_release_threads(void);

/* ---- datasets ----------------------------------------------------------------------------- */

typedef enum nn_dtype { NN_FLOAT32 = 1, NN_UINT8 = 2, NN_INT32 = 3 } nn_dtype;

/* A table of named columns with one number of rows: "x" (inputs), "y" (targets) and optionally
 * "sample_weight". For a model with several inputs it has a column for each, named as the input layer, or x
 * holds their values side by side, in the order of the inputs; so do columns named as the output layers, or
 * y, for several outputs. A column keeps its type in memory and is turned to float as a batch is gathered.
 * A dataset never changes once it is in use, so any number of threads may read it. */
typedef struct nn_dataset nn_dataset;

/* A dataset over the caller's arrays: x is rows x x_width, y is rows x y_width. The arrays are
 * borrowed: they must outlive the dataset and every slice of it. y may be NULL with y_width 0 (for
 * predictions only, or where columns are added), and x likewise. A class label is an NN_INT32 or NN_UINT8
 * target of width 1.
 * Errors: NN_ERR_INVALID (NULL, zero, unknown type, sizes that overflow). */
NN_API nn_status nn_dataset_from_arrays(nn_dataset **data, size_t rows, const void *x,
                                        nn_dtype x_type, size_t x_width, const void *y,
                                        nn_dtype y_type, size_t y_width);

/* Adds a borrowed column of rows x width: "sample_weight" (NN_FLOAT32, width 1, finite and not
 * negative), which weighs each row's losses and what it counts for in weighted metrics, or the values of an
 * input or the targets of an output, under the name of that layer. A dataset has up to 40 columns.
 * Errors: NN_ERR_INVALID, NN_ERR_STATE (the dataset is sliced or in use), NN_ERR_NO_MEMORY. */
NN_API nn_status nn_dataset_add_column(nn_dataset *data, const char *name, const void *values,
                                       nn_dtype type, size_t width);

/* Reads IDX files (the MNIST format), gzipped or plain: images are uint8 of any rank >= 1 and give
 * the input shape; labels are uint8 of rank 1, or NULL for none.
 * Errors: NN_ERR_IO, NN_ERR_FORMAT (empty, cut, wrong magic, trailing bytes), NN_ERR_SHAPE (counts
 * differ), NN_ERR_UNSUPPORTED (an element type that isn't unsigned byte), NN_ERR_NO_MEMORY. */
NN_API nn_status nn_dataset_load_idx(nn_dataset **data, const char *images, const char *labels);

/* A view of count rows from first on. It shares the memory of the whole, which may be freed first. */
NN_API nn_status nn_dataset_slice(nn_dataset **part, const nn_dataset *whole, size_t first,
                                  size_t count);

/* A view of chosen rows: its row i is row rows[i] of the whole; a row may be chosen more than once. The
 * numbers are copied; the memory is shared as by a slice. Errors: NN_ERR_INVALID, NN_ERR_NO_MEMORY. */
NN_API nn_status nn_dataset_select(nn_dataset **part, const nn_dataset *whole, const size_t *rows,
                                   size_t count);

/* Splits the rows at random, by the seed, into two shuffled views, as scikit-learn's train_test_split does:
 * ceil(test_size x rows) for the test, the others to train on. With stratify (1), both parts have each
 * class's share of the rows to within one; rows with the same targets are of one class.
 * Errors: NN_ERR_INVALID (a part would be empty; stratify: a class of one row, or a part with less rows
 * than there are classes), NN_ERR_NO_MEMORY. */
NN_API nn_status nn_dataset_train_test_split(nn_dataset **train, nn_dataset **test,
                                             const nn_dataset *data, double test_size,
                                             uint64_t seed, int stratify);

/* 0 for a stream of unknown length. */
NN_API size_t nn_dataset_rows(const nn_dataset *data);

/* Values in a row of a column ("x", "y", "sample_weight"), 0 if there is none. */
NN_API size_t nn_dataset_width(const nn_dataset *data, const char *column);

/* The shape of a row of a column: up to count dimensions are written to dimensions; the rank is
 * returned (0 if there is no such column). */
NN_API size_t nn_dataset_shape(const nn_dataset *data, const char *column, size_t *dimensions,
                               size_t count);

/* Copies rows first ... first + count - 1 of a column as floats to values[count x width]. */
NN_API nn_status nn_dataset_get_values(const nn_dataset *data, const char *column, size_t first,
                                       size_t count, float *values);

/* Rows that a function of the caller's reads as they are needed, for data that is larger than memory. It
 * is made with zeros for what isn't said. */
typedef struct nn_row_reader {
    size_t struct_size; /* sizeof(nn_row_reader) */
    size_t rows;        /* all of them; 0, only for a stream: not known */
    nn_dtype x_type;
    size_t x_width;
    nn_dtype y_type;
    size_t y_width;    /* 0: there are no targets */
    int sample_weight; /* 1: there are weights, too */
    int stream;        /* 1: the rows can only be had one after the other; 0: by their numbers */

    /* Fills x[*count x x_width], y[*count x y_width] and sample_weight[*count] (NULL where there are
     * none) with the rows numbered rows[0] ... rows[*count - 1]; for a stream rows is NULL, and the next
     * *count rows are meant. A stream that ends sets *count to what it still had, 0 as well. NN_OK goes
     * on; anything else ends the call that wanted the rows, which returns it, with this thread's message
     * if the function's own calls set one. */
    nn_status (*read)(void *user, const size_t *rows, size_t *count, void *x, void *y,
                      float *sample_weight);
    /* A stream goes back to its first row, before each pass. NULL: it can't, and every pass goes on where
     * the one before ended. */
    nn_status (*restart)(void *user);
    /* Called once, when the dataset and its views are freed; may be NULL. */
    void (*release)(void *user);
    void *user; /* handed to all three */
} nn_row_reader;

/* A dataset whose rows a function reads: by their numbers (from a file, a mapping), or one after the other
 * (a stream). x and y hold a model's several inputs and outputs side by side; columns can't be added.
 * reader is copied. If this fails, release isn't called.
 * The functions are called by the thread that fits, evaluates or trains on a batch, one call at a time, so
 * only a dataset that several threads use at once needs functions that may run at once. What they fill
 * is the library's; labels and weights are checked as they come.
 * Shuffling: row numbers come in a new order each epoch, and views of all kinds work; nn_fit takes a stream
 * as it comes, whatever shuffle says, and a stream has no views and no validation_split. One of unknown
 * length is read until it ends, or for steps_per_epoch. nn_dataset_get_values and stratify don't read.
 * Errors: NN_ERR_INVALID, NN_ERR_NO_MEMORY, NN_ERR_VERSION (a newer reader). */
NN_API nn_status nn_dataset_from_function(nn_dataset **data, const nn_row_reader *reader);

/* Names the classes 0 ... count - 1 (UTF-8 without control characters); they are copied, handed to slices
 * made later, and kept with a model that is fitted to the data, if that has an output for each and no
 * names yet. Not while another thread uses the dataset. Errors: NN_ERR_INVALID, NN_ERR_NO_MEMORY. */
NN_API nn_status nn_dataset_set_class_names(nn_dataset *data, const char *const *names,
                                            size_t count);
NN_API size_t nn_dataset_class_count(const nn_dataset *data);
/* NULL past the end. Valid until names are set again or the dataset is freed. */
NN_API const char *nn_dataset_class_name(const nn_dataset *data, size_t index);

NN_API void nn_dataset_free(nn_dataset *data);

/* ---- a caller's own parts ------------------------------------------------------------------ */

typedef struct nn_model nn_model;

/* An activation, a loss or a metric made of the caller's functions. It is registered with a model, never for
 * the process, under a name of letters, digits and '_' that no part of the library has; from then on the name
 * works in that model's specs ("dense units=3 activation=my_swish"), and in those of its clones. The struct
 * and the name are copied. Fields that later versions add are at the end; a larger struct whose end isn't
 * zero is refused (NN_ERR_VERSION).
 *
 * The functions see whole rows, row-major, as many as the library thinks fit. They may be called from any
 * thread, from several at once, and must be pure: what they write depends on what they are given and on user
 * alone. They must not throw, longjmp or change the model. A negative status, which may be one of the
 * caller's own, ends the call that needed them (nn_fit, nn_evaluate, nn_predict, ...) and is what that
 * returns, with a message that names the part: no step is made of such a batch, and what the call should
 * have written is not to be used. A positive one is NN_ERR_INVALID.
 *
 * release(user), unless it is NULL, is called once, when the last model that has the part is freed; not if
 * registering fails. */
typedef struct nn_custom_activation {
    size_t struct_size; /* sizeof(nn_custom_activation) */
    const char *name;
    /* y[rows x width] = f(z[rows x width]); y may be z. */
    nn_status (*forward)(void *user, size_t rows, size_t width, const float *z, float *y);
    /* dz = the gradient by z, given dy by y; dz may be dy. */
    nn_status (*backward)(void *user, size_t rows, size_t width, const float *z, const float *y,
                          const float *dy, float *dz);
    void *user;
    void (*release)(void *user);
} nn_custom_activation;

typedef struct nn_custom_loss {
    size_t struct_size; /* sizeof(nn_custom_loss) */
    const char *name;
    int labels; /* 0: y_true is float[rows x width]; 1: class labels, int32_t[rows], below width */
    /* loss[rows] from y_pred[rows x width]. */
    nn_status (*forward)(void *user, size_t rows, size_t width, const void *y_true,
                         const float *y_pred, double *loss);
    /* gradient[rows x width] of each row's loss by its y_pred; weights and what the rows' losses come to
     * ("my_loss reduction=sum") are the library's. */
    nn_status (*backward)(void *user, size_t rows, size_t width, const void *y_true,
                          const float *y_pred, float *gradient);
    void *user;
    void (*release)(void *user);
} nn_custom_loss;

/* A metric is the mean of its values over all rows, a weighted one ("my_metric weighted=true") the mean by
 * their weights, which are the library's to take in. */
typedef struct nn_custom_metric {
    size_t struct_size; /* sizeof(nn_custom_metric) */
    const char *name;
    int labels; /* as in nn_custom_loss, and the ignore_class of the model's loss; of the same kind as that's */
    /* values[rows] */
    nn_status (*values)(void *user, size_t rows, size_t width, const void *y_true,
                        const float *y_pred, double *values);
    void *user;
    void (*release)(void *user);
} nn_custom_metric;

/* Activations before the model is built, losses and metrics before the compile that names them.
 * Errors: NN_ERR_INVALID (NULL, struct_size, a name that is none or is taken), NN_ERR_VERSION, NN_ERR_STATE,
 * NN_ERR_NO_MEMORY. */
NN_API nn_status nn_model_register_activation(nn_model *model,
                                              const nn_custom_activation *activation);
NN_API nn_status nn_model_register_loss(nn_model *model, const nn_custom_loss *loss);
NN_API nn_status nn_model_register_metric(nn_model *model, const nn_custom_metric *metric);

/* ---- building a model ---------------------------------------------------------------------- */

/* An empty model. */
NN_API nn_status nn_model_create(nn_model **model);

/* Adds a layer named by a spec: "flatten input_shape=(28,28)", "dense units=300 activation=relu".
 * The first layer must have input_shape, the shape of one row, or be an input: "input shape=(28,28)". Every
 * layer takes name=...; without it, it is named as Keras would (dense, dense_1, ...); and trainable=false,
 * with which training leaves its weights alone.
 *
 * A layer reads the one added last, or those it names, which makes the model a graph:
 *
 *     nn_model_add(model, "input shape=(8) name=x");
 *     nn_model_add(model, "dense units=8 activation=relu name=h");
 *     nn_model_add(model, "dense units=8 name=r");
 *     nn_model_add(model, "add inputs=(r, x)");
 *
 * Any number of layers may read one. A model may have up to 16 inputs, all of them input layers; their order
 * is that in which they were added.
 * Errors: NN_ERR_INVALID (spec, option, duplicate or unknown name), NN_ERR_SHAPE, NN_ERR_STATE (the model is
 * already built: compiled, loaded or used), NN_ERR_UNSUPPORTED (too many inputs). */
NN_API nn_status nn_model_add(nn_model *model, const char *layer);

/* Names the layers whose outputs are the model's, up to 16, in their order: "head, 'tail 2'". Unless this is
 * called, the layer added last is the only one. Before compile, every layer must be an output or be
 * read by another. Loss weights are 1 again.
 * Errors: NN_ERR_INVALID (unknown name, given twice), NN_ERR_STATE (the model is already built). */
NN_API nn_status nn_model_set_outputs(nn_model *model, const char *layers);

/* Weights of the outputs' losses, in the order of the outputs: the loss that training minimizes is the sum
 * of weights[i] times the i-th loss. 1 unless set; they hold for every compile, and are saved.
 * Errors: NN_ERR_INVALID (count isn't the number of outputs, a weight isn't finite), NN_ERR_STATE. */
NN_API nn_status nn_model_set_loss_weights(nn_model *model, const double *weights, size_t count);

/* The seed of initial weights, shuffling and dropout; 0 unless set. Equal seeds give equal results
 * on the same machine and library versions. Errors: NN_ERR_STATE once the model is built. */
NN_API nn_status nn_model_set_seed(nn_model *model, uint64_t seed);

/* Fixes the layers, makes the weights unless they exist, and sets what nn_fit and nn_evaluate use.
 * optimizer, loss: one spec each; metrics: a list ("accuracy; mean_absolute_error") or NULL. A model with
 * several outputs takes a list of losses in their order ("mse; bce"), or one for all, and its metrics
 * are of every output, or with an output's name of that one ("head/accuracy; tail/mae"). Besides its
 * options a metric may have a name ("precision class_id=2 name=precision_2"), by which values and history
 * know it; else they know it by its own. With weighted=true it takes sample and class weights in; such metrics
 * come after the others, and as weighted_... where one of the name stands among those.
 * Compiling again keeps the weights and starts the optimizer anew.
 * Errors: NN_ERR_INVALID (also a layer whose output nobody reads), NN_ERR_SHAPE (a loss or metric that
 * can't work on the output; softmax over 1 value), NN_ERR_STATE, NN_ERR_NO_MEMORY. */
NN_API nn_status nn_model_compile(nn_model *model, const char *optimizer, const char *loss,
                                  const char *metrics);

/* Lets a layer learn from data, before training, what isn't trained: normalization its mean and variance,
 * pca its components. layer is the layer's name ("normalization"), or NULL for all layers that learn so, in
 * their order. data are inputs of the model (targets aren't needed); the layers before work on them as in
 * nn_predict. What a layer had learned before is forgotten. The model is built by it: layers can't be added
 * afterwards. With NULL, a failure leaves the layers before it adapted.
 * Errors: NN_ERR_INVALID (no such layer, or it has nothing to learn; data without rows or inputs, or too
 * few), NN_ERR_SHAPE, NN_ERR_STATE (no layers, in use; a layer before isn't adapted), NN_ERR_UNSUPPORTED
 * (rows that a function reads), NN_ERR_NONFINITE, NN_ERR_NO_MEMORY. */
NN_API nn_status nn_model_adapt(nn_model *model, const char *layer, const nn_dataset *data);

/* Freezes a layer (trainable 0) or lets it be trained again (1), as the option trainable does; NULL: every
 * layer. That changes what an optimizer works on, so the model is no longer compiled if it changes
 * anything: compile it again, as for fine-tuning a model that was loaded. Weights stay. A model without
 * anything to train may be compiled and fitted.
 * Errors: NN_ERR_INVALID (unknown name, trainable neither 0 nor 1), NN_ERR_STATE (no layers, in use),
 * NN_ERR_NO_MEMORY. */
NN_API nn_status nn_model_set_trainable(nn_model *model, const char *layer, int trainable);

/* A model of its own with the same layers, weights, compile settings and optimizer state. */
NN_API nn_status nn_model_clone(nn_model **copy, const nn_model *model);

/* Freeing a model within a callback of its own fit is allowed: it then lives until fit returns. */
NN_API void nn_model_free(nn_model *model);

/* ---- what a model is ----------------------------------------------------------------------- */

/* Values of one row of the input and of the output, of all of them if there are several; 0 while the
 * model has no layers. */
NN_API size_t nn_model_input_width(const nn_model *model);
NN_API size_t nn_model_output_width(const nn_model *model);

/* Inputs and outputs by their layers' names; NULL past the end. An input that is the first layer's
 * input_shape has the name "x". */
NN_API size_t nn_model_input_count(const nn_model *model);
NN_API const char *nn_model_input_name(const nn_model *model, size_t index);
NN_API size_t nn_model_output_count(const nn_model *model);
NN_API const char *nn_model_output_name(const nn_model *model, size_t index);

/* The layers' names in their order; NULL past the end. */
NN_API size_t nn_model_layer_count(const nn_model *model);
NN_API const char *nn_model_layer_name(const nn_model *model, size_t index);

/* Values of one row of what the layer of that name gives; 0 if there is none. */
NN_API size_t nn_model_layer_width(const nn_model *model, const char *layer);

/* The parameters that are trained (those of frozen layers aren't) and all of them, in single values. */
NN_API size_t nn_model_trainable_count(const nn_model *model);
NN_API size_t nn_model_parameter_count(const nn_model *model);

/* The values that nn_evaluate and nn_train_on_batch write: "loss", then the metrics in order. With several
 * outputs: "loss", each output's own, not weighted ("head_loss"), then the metrics output by output
 * ("head_accuracy"). Weighted metrics come after all others. The count is 0 before compile; a name past the end
 * is NULL. Valid until compile or free. */
NN_API size_t nn_model_metric_count(const nn_model *model);
NN_API const char *nn_model_metric_name(const nn_model *model, size_t index);

/* Weights under Keras's names, "dense/kernel", "dense_1/bias"; NULL past the end. nn_model_weight_shape
 * writes up to count dimensions and returns the rank; 0 for an unknown name. */
NN_API size_t nn_model_weight_count(const nn_model *model);
NN_API const char *nn_model_weight_name(const nn_model *model, size_t index);
NN_API size_t nn_model_weight_shape(const nn_model *model, const char *name, size_t *dimensions,
                                    size_t count);

/* Copies the count values of a weight, row-major. count must be the weight's own.
 * Errors: NN_ERR_INVALID (unknown name), NN_ERR_SHAPE (another count), NN_ERR_STATE (no layers),
 * NN_ERR_NONFINITE (set: a value isn't finite). */
NN_API nn_status nn_model_get_weights(const nn_model *model, const char *name, float *values,
                                      size_t count);
NN_API nn_status nn_model_set_weights(nn_model *model, const char *name, const float *values,
                                      size_t count);

/* Names of the output classes: set here, or by nn_fit from a dataset that has them; saved with the
 * model. A name past the end is NULL. */
NN_API nn_status nn_model_set_class_names(nn_model *model, const char *const *names, size_t count);
NN_API size_t nn_model_class_count(const nn_model *model);
NN_API const char *nn_model_class_name(const nn_model *model, size_t index);

/* Text functions (nn_model_summary, nn_help) write at most size bytes to buffer, always ended by a
 * zero if size > 0, and the whole length without the zero to *length (which may be NULL); buffer may
 * be NULL with size 0 to ask for the length. A cut text is no error. */

/* A table of layers, output shapes, parameter counts and, of a graph, what each layer reads, as Keras prints
 * it. UTF-8. */
NN_API nn_status nn_model_summary(const nn_model *model, char *buffer, size_t size, size_t *length);

/* ---- measured plans ------------------------------------------------------------------------ */

/* Large matrix products are cut into tiles by a fixed rule. nn_model_measure finds by timing, on this
 * machine, with the threads of now and nothing else running, whether other tiles are faster for training
 * steps of batch_size rows, for evaluation and for predicting a row, and keeps what it found with the
 * model, for products of these sizes; those of other sizes (a smaller last batch) stay by the rule. It
 * takes up to a few seconds for each size, without a way to stop it. The weights don't change; a model's
 * results stay the same on any number of threads, but their last digits may differ from those of the rule, and from
 * one measurement to the next. Plans aren't saved or cloned with a model.
 * Errors: NN_ERR_STATE (not compiled, in use), NN_ERR_INVALID (batch_size 0 or too large),
 * NN_ERR_NO_MEMORY (the plan before stays). */
NN_API nn_status nn_model_measure(nn_model *model, size_t batch_size);

/* What was measured, a line a product: its kind (N as it lies, T transposed) and m x n x k, the tiles
 * chosen and their time, and the rule's, where that was slower. A text function as nn_model_summary. */
NN_API nn_status nn_model_plan(const nn_model *model, char *buffer, size_t size, size_t *length);

/* ---- training ------------------------------------------------------------------------------ */

typedef struct nn_history nn_history;

typedef enum nn_event_kind {
    NN_EVENT_TRAIN_BEGIN = 1,
    NN_EVENT_EPOCH_BEGIN = 2,
    NN_EVENT_BATCH_END = 3,
    NN_EVENT_EPOCH_END = 4,
    NN_EVENT_TRAIN_END = 5, /* also after a failure or a stop, if the beginning was told */
    /* Only with nn_fit_options.all_events; test is the validation after an epoch: */
    NN_EVENT_BATCH_BEGIN = 6,
    NN_EVENT_TEST_BEGIN = 7,
    NN_EVENT_TEST_BATCH_BEGIN = 8,
    NN_EVENT_TEST_BATCH_END = 9,
    NN_EVENT_TEST_END = 10
} nn_event_kind;

/* What a callback is told. Epochs count from initial_epoch, batches from 0. values[count] are the means over
 * the epoch so far under names[count] ("loss", "accuracy", at the end of an epoch "val_loss", ...), those of
 * a NN_EVENT_TEST_... over the validation so far. Everything it points to is valid during the call only. */
typedef struct nn_event {
    size_t struct_size;
    nn_event_kind kind;
    nn_model *model;
    size_t epoch;   /* this epoch's number; NN_EVENT_TRAIN_END: the next one's */
    size_t epochs;  /* the number after the last epoch's */
    size_t batch;   /* this batch's number, for events of batches */
    size_t batches; /* of an epoch, NN_EVENT_TEST_...: of the validation; 0: not known */
    size_t count;
    const char *const *names;
    const double *values;
} nn_event;

/* NN_OK goes on; NN_STOPPED ends training after this batch (nn_fit returns NN_STOPPED); anything else
 * ends it at once and is what nn_fit returns, with the message of this thread if the function's own
 * calls set one. It must not throw or longjmp. */
typedef nn_status (*nn_event_function)(const nn_event *event, void *user);

/* Options of nn_fit. Make it with NN_FIT_OPTIONS_INIT and change what you want. */
typedef struct nn_fit_options {
    size_t struct_size;
    size_t epochs;        /* epochs of this call; 1 */
    size_t batch_size;    /* rows of a step; 32. The last batch of an epoch may be smaller; where
                             a layer can't train on a single row (batch_normalization), that row
                             joins the batch before, unless a stream ends with it, and batch_size 1 is
                             NN_ERR_INVALID. Optimizers that work on whole data (lbfgs,
                             least_squares) take all rows as one batch, in their own order */
    size_t initial_epoch; /* number of the first epoch in history and callbacks; 0 */
    int shuffle;          /* 1: a new order of rows each epoch, from the model's seed */
    int verbose;          /* 0 silent, 1 progress bar on stdout, 2 a line an epoch */
    const nn_dataset *validation_data; /* evaluated after each epoch; NULL: none */
    double validation_split;           /* fraction in [0, 1) of the rows, taken from the end, to
                                          validate on instead of training on them; 0 */
    const double *class_weight;        /* [class_weight_count] factor of each class's loss, and in
                                          weighted metrics, beside sample weights; not in validation.
                                          NULL: 1. Only for models with one output */
    size_t class_weight_count;
    const char *callbacks;      /* list of specs: "csv_logger filename=log.csv"; NULL: none */
    nn_event_function callback; /* called for every event; NULL: none */
    void *callback_user;        /* handed to callback */
    int all_events;         /* 1: callback is called for every event; 0: for the first five kinds */
    int validation_freq;    /* validate after every so many epochs; 0 is as 1: after each */
    size_t steps_per_epoch; /* batches of an epoch; 0: a whole pass over the data. A pass goes on
                               from one epoch to the next, and where it ends the epoch does, too */
    size_t validation_steps;      /* batches of a validation, from the first row on; 0: all */
    size_t validation_batch_size; /* 0: batch_size with validation_steps, else the library's choice,
                                     which changes no result but for its last digits */
} nn_fit_options;

#define NN_FIT_OPTIONS_INIT                                                                        \
    {                                                                                              \
        sizeof(nn_fit_options), 1, 32, 0, 1, 0, NULL, 0.0, NULL, 0, NULL, NULL, NULL, 0, 0, 0, 0,  \
            0                                                                                      \
    }

/* Trains the model on data by minibatches. options may be NULL (the defaults), history may be NULL.
 * An optimizer that works on whole data (lbfgs, least_squares) ends it, with NN_OK, when it is done.
 * A second fit goes on with weights, optimizer state and random stream as the first left them.
 * After a failure or a stop in training, history (if asked for) is set and holds the epochs that ended
 * (none, if a callback refused to begin), and the weights are those of the last step; where nothing could be
 * prepared, history is NULL.
 * A loss or weight that isn't finite stops training with epoch and batch in the message and puts the
 * weights back to the end of the last whole epoch; the callback terminate_on_nan makes that a stop.
 * A callback of the list that ends training early (early_stopping) makes it a stop, too: NN_STOPPED.
 * Errors: NN_ERR_INVALID, NN_ERR_SHAPE (both shapes in the message), NN_ERR_STATE (not compiled, in
 * use), NN_ERR_NONFINITE, NN_ERR_NO_MEMORY, NN_ERR_IO (callbacks); NN_STOPPED; a callback's own. */
NN_API nn_status nn_fit(nn_model *model, const nn_dataset *data, const nn_fit_options *options,
                        nn_history **history);

/* Loss, then the metrics, over all rows of data: values[count], count = nn_model_metric_count. With a
 * dataset of one batch it is Keras's test_on_batch, as nn_predict is its predict_on_batch. A loss that isn't
 * a mean over rows (reduction=sum, mean_with_sample_weight, or an ignore_class) is that of batches of 256 rows,
 * weighted by how many they have. The loss includes the penalties of regularizers, here and in training, as
 * in Keras; like Keras's `metrics`, metrics leave sample and class weights out, unless they have
 * weighted=true, like its `weighted_metrics`. Metrics of yes-or-no answers (precision, f1_score,
 * auc, ...) take class labels for one-hot rows. */
NN_API nn_status nn_evaluate(const nn_model *model, const nn_dataset *data, double *values,
                             size_t count);

/* The confusion matrix over all rows of data: counts[classes x classes], a row for each true class and a
 * column for each predicted one, so that counts[t * classes + p] is how often t was taken for p. The
 * predicted class is the largest output, the true one the label or the largest target; classes is the
 * number of outputs. Rows of the loss's ignore_class aren't counted. A model with one output tells two
 * classes apart: 1 is an output, or a target, above 0.5. Needs a compiled model, whose loss says what targets are.
 * Errors: as nn_evaluate's, and NN_ERR_NONFINITE (an output is NaN); counts is then as it was. */
NN_API nn_status nn_confusion_matrix(const nn_model *model, const nn_dataset *data, size_t *counts,
                                     size_t classes);

/* One optimizer step on all rows of batch at once. values[count] as in nn_evaluate, measured before
 * the step; values may be NULL with count 0. Of an optimizer that works on whole data (lbfgs,
 * least_squares) it is an epoch on these rows, and values are measured after it. A loss that isn't finite is
 * NN_ERR_NONFINITE and makes no step; a step that overflows the weights shows in the next one's loss. Other
 * errors as nn_fit's. */
NN_API nn_status nn_train_on_batch(nn_model *model, const nn_dataset *batch, double *values,
                                   size_t count);

/* The gradients of batch's loss, as a step would compute them (dropout drops), but without the step:
 * weights, moving statistics and optimizer stay as they are. values as in nn_train_on_batch; a loss that
 * isn't finite is no failure, so that one can see where it comes from. Errors as nn_train_on_batch's. */
NN_API nn_status nn_model_compute_gradients(nn_model *model, const nn_dataset *batch,
                                            double *values, size_t count);

/* Copies the count gradients by a trainable weight that nn_model_compute_gradients found last.
 * Errors: NN_ERR_INVALID (unknown name, not trainable), NN_ERR_SHAPE (another count), NN_ERR_STATE (none
 * were computed since the model was compiled or trained). */
NN_API nn_status nn_model_get_gradients(const nn_model *model, const char *name, float *values,
                                        size_t count);

/* y[rows x layer width] = what the layer of that name gives within a prediction for x; an output's is
 * its prediction. x, threads and memory as of nn_predict. Errors: NN_ERR_INVALID (no such layer: the
 * message lists them), NN_ERR_STATE, NN_ERR_NO_MEMORY. */
NN_API nn_status nn_model_layer_output(const nn_model *model, const char *layer, const float *x,
                                       size_t rows, float *y);

/* The learning rate of the next step, as the optimizer's learning_rate says or as it was set since; 0
 * before compile. */
NN_API double nn_model_learning_rate(const nn_model *model);

/* Sets it, from the next step on; it is saved with the model. A callback may do this to the model being
 * trained, from the fit's thread. Errors: NN_ERR_INVALID (negative, or not finite as a float),
 * NN_ERR_STATE (not compiled; the learning rate is a schedule's; another thread uses the model). */
NN_API nn_status nn_model_set_learning_rate(nn_model *model, double learning_rate);

/* Swaps the trainable weights with their moving average, which an optimizer with use_ema=true keeps, so
 * that evaluate, predict and save work with the average; a second call swaps them back, which is to be
 * done before training goes on. Unlike in Keras, fit doesn't end with the average in the weights' place,
 * also with the callback swap_ema_weights. A callback may swap, as above. Errors: NN_ERR_STATE (not
 * compiled, no moving average yet, in use by another thread). */
NN_API nn_status nn_model_swap_ema_weights(nn_model *model);

/* y[rows x output width] = the model's output for x[rows x input width]; y may not overlap x. A row of x
 * holds the values of all inputs one after the other, in the order of the inputs; so does a row of y those of
 * the outputs. Any number of threads may predict with one model at once. Needs no compile. A warm call
 * allocates nothing. A row's result may differ in the last bits with the number of rows beside it. A number
 * that an embedding or category_encoding doesn't know gives NaN (nn_fit and nn_evaluate refuse it).
 * Errors: NN_ERR_INVALID, NN_ERR_STATE (in use; a layer that must be adapted isn't), NN_ERR_NO_MEMORY. */
NN_API nn_status nn_predict(const nn_model *model, const float *x, size_t rows, float *y);

/* For real-time callers: everything that predictions of at most so many rows need is made before, so a
 * run allocates nothing, takes no lock and stays on the thread that calls. Its results have the same bits
 * as nn_predict's. One thread at a time may use a predictor; any number of predictors may share a model,
 * which must outlive them. Errors: NN_ERR_INVALID, NN_ERR_NO_MEMORY (create only), NN_ERR_STATE (another
 * thread is changing the model). */
typedef struct nn_predictor nn_predictor;
NN_API nn_status nn_predictor_create(nn_predictor **predictor, const nn_model *model, size_t rows);
NN_API nn_status nn_predictor_run(nn_predictor *predictor, const float *x, size_t rows, float *y);
NN_API void nn_predictor_free(nn_predictor *predictor);

/* The values of one quantity ("loss", "val_accuracy") after each epoch, with validation_freq those of
 * the epochs that had a validation. Valid until the history is freed. Errors: NN_ERR_INVALID (unknown name;
 * the message lists the known ones). */
NN_API nn_status nn_history_get(const nn_history *history, const char *name, const double **values,
                                size_t *count);

/* Columns and their names: the quantities, those of validation, then what callbacks add ("learning_rate",
 * "dense/gradient_norm"); NULL past the end. */
NN_API size_t nn_history_count(const nn_history *history);
NN_API const char *nn_history_name(const nn_history *history, size_t index);
NN_API void nn_history_free(nn_history *history);

/* ---- files --------------------------------------------------------------------------------- */

/* Writes layers, weights, compile settings, optimizer state and class names as one safetensors file.
 * It is written beside path and renamed, so a failure leaves an old file as it was.
 * Errors: NN_ERR_IO, NN_ERR_NO_MEMORY, NN_ERR_STATE (no layers). */
NN_API nn_status nn_model_save(const nn_model *model, const char *path);

/* Reads a model that nn_model_save wrote. A file is data, never code, and nothing in it is trusted.
 * Errors: NN_ERR_IO, NN_ERR_FORMAT (cut, changed, or not such a file), NN_ERR_UNSUPPORTED (an unknown
 * part), NN_ERR_VERSION, NN_ERR_NO_MEMORY. */
NN_API nn_status nn_model_load(nn_model **model, const char *path);

/* The same to and from memory. Saving writes the file's bytes if size is enough and its length to
 * *length in any case; buffer may be NULL with size 0 to ask. A size that is too small but not 0 is
 * NN_ERR_INVALID. */
NN_API nn_status nn_model_save_to_memory(const nn_model *model, void *buffer, size_t size,
                                         size_t *length);
NN_API nn_status nn_model_load_from_memory(nn_model **model, const void *bytes, size_t size);

/* Loads a model that has parts of the caller's own: parts is a model, usually an empty one, with which they
 * are registered. The file holds their names alone, so the same functions as before must be behind them. The
 * loaded model has all of its parts; parts may be freed. NULL: none, as in nn_model_load, which refuses such a
 * file (NN_ERR_UNSUPPORTED, with the name). */
NN_API nn_status nn_model_load_with_parts(nn_model **model, const char *path,
                                          const nn_model *parts);
NN_API nn_status nn_model_load_from_memory_with_parts(nn_model **model, const void *bytes,
                                                      size_t size, const nn_model *parts);

/* ---- the known parts ------------------------------------------------------------------------ */

/* Kinds of parts: "activation", "initializer", "regularizer", "constraint", "layer", "loss", "metric",
 * "optimizer", "schedule", "callback"; NULL past the end. */
NN_API const char *nn_part_kind(size_t index);

/* Names of the parts of a kind; NULL past the end or for an unknown kind. */
NN_API const char *nn_part_name(const char *kind, size_t index);

/* Help on a part ("dense", or "loss mean_squared_error" where two kinds share a name), on a kind, or
 * on everything (NULL): options with type, default, bounds and meaning. Text function, see above.
 * Errors: NN_ERR_INVALID (no such part; the message names the nearest). */
NN_API nn_status nn_help(const char *part, char *buffer, size_t size, size_t *length);

#ifdef __cplusplus
}
#endif

#endif /* NN_H */
