"""Makes the golden values of weighted metrics, for test_golden_metrics.c and test_golden_metric_fits.c, with real
Keras 3. Run by hand, on TensorFlow (as make_metrics.py, whose data and settings these are):

    KERAS_BACKEND=tensorflow python tests/golden/make_weighted_metrics.py

It writes beside itself
    weighted_metrics.json      for each data set of metrics.json, weights of its rows and metrics: after each of its
                               batches, which Keras's metric took in with the weights, its result; and auc at
                               thresholds that are given, with weights and without
    weighted_metric_fits.json  what fit, evaluate and train_on_batch report of models with weighted_metrics, by name,
                               and how Keras writes such a model's compile settings down
What may be off, BOUND or STEPS_BOUND of the largest value, stands beside the values. Everything is float32. A fit is
run twice, as in make_golden.py, so that none is chaotic.
"""

import json

import keras
import numpy as np
from keras import ops

import make_golden as golden
import make_metrics as plain
from make_metrics import BATCHES, BOUND, ROWS

STEPS_BOUND = 2e-5
EPOCHS, BATCH = 3, 5
RATE = 0.0625  # exact as a float32, so that it reads the same from Keras


# ---- each metric ------------------------------------------------------------------------------------


def row_weights(rng, rows):
    """Short decimals, some 0, the first among them."""
    weights = (rng.integers(0, 17, rows) / 8).astype(np.float32)
    weights[0] = 0
    return weights


def auc_at(thresholds, **options):
    """thresholds as text, which is also what Keras gets"""
    spec = f"auc thresholds=({thresholds})"
    spec += "".join(f" {key}={str(value).lower() if isinstance(value, bool) else value}"
                    for key, value in options.items())
    return spec, lambda: keras.metrics.AUC(thresholds=[float(t) for t in thresholds.split(",")], **options)


def aucs_on(name):
    if name in ("one answer", "answers", "probabilities", "labels", "logits"):
        for curve in ("ROC", "PR", "PRGAIN"):
            yield auc_at("0.125,0.5,0.75,0.78125", curve=curve)
            yield auc_at("0.25,0.3,0.7", curve=curve, summation_method="majoring")
        yield auc_at("0.25,0.5,0.75")  # even: as num_thresholds=5
        yield auc_at("0,0.1,0.1,1")  # twice, and at the ends
        yield auc_at("0.4")
        yield auc_at("0.5")
    if name in ("answers", "probabilities", "labels"):
        yield auc_at("0.2,0.6", multi_label=True)
        yield auc_at("0.2,0.6", multi_label=True, curve="PR")
    if name == "logits":
        yield auc_at("0.2,0.6,0.9", from_logits=True)


def results(spec, metric, y, target, weights):
    labels = target.dtype == np.int32
    wanted = target.reshape(-1, 1) if labels else target
    if spec == "accuracy":  # which only compile makes what it should be
        metric = type(keras.metrics.get("binary_accuracy" if y.shape[1] == 1 else
                                        "sparse_categorical_accuracy" if labels else "categorical_accuracy"))()
    elif labels and not spec.startswith("sparse"):  # a label stands for a one-hot row
        wanted = np.eye(y.shape[1], dtype=np.float32)[target]
    found, at = [], 0
    for rows in BATCHES:
        part = slice(at, at + rows)
        metric.update_state(wanted[part], y[part], sample_weight=None if weights is None else weights[part])
        at += rows
        found.append(float(np.asarray(metric.result(), np.float32).reshape(())))
    assert np.isfinite(found).all(), (spec, found)
    return {"spec": spec, "weighted": weights is not None, "values": found,
            "bound": BOUND * float(np.abs(found).max())}


def case(index, name, y, target):
    y = np.asarray(y, np.float32)
    weights = row_weights(np.random.default_rng(500 + index), ROWS)
    found = [results(spec, metric, y, target, weights) for spec, metric in plain.metrics_on(name)]
    for spec, make in aucs_on(name):
        found += [results(spec, make(), y, target, weights), results(spec, make(), y, target, None)]
    if name == "labels":  # rows that don't count though they have weights
        for ignored in (0, 3):
            found += [results(f"sparse_categorical_crossentropy ignore_class={ignored}", crossentropy_without(ignored),
                              y, target, w) for w in (weights, None)]
    return {"name": name, "batches": list(BATCHES), "weights": weights, "metrics": found}


def crossentropy_without(ignored):
    """Keras's class of metrics has no such option; its function has."""
    return keras.metrics.MeanMetricWrapper(keras.losses.sparse_categorical_crossentropy, ignore_class=ignored)


# ---- in training -------------------------------------------------------------------------------------


def half_error(y_true, y_pred):
    """A caller's own metric."""
    return ops.mean(ops.abs(y_true - y_pred), axis=-1) / 2


class Case:
    """What libnn and Keras are told. metrics, weighted: for one output, else for each; (spec, Keras's) pairs. A loss
    is such a pair where they don't call it the same."""

    def __init__(self, name, seed, layers, loss, y, metrics, weighted, outputs=None, sample_weight=True,
                 class_weight=None, validation_weight=True, table=False):
        self.name, self.seed, self.layers, self.loss, self.y = name, seed, layers, loss, y
        self.metrics, self.weighted, self.outputs = metrics, weighted, outputs
        self.sample_weight, self.class_weight = sample_weight, class_weight
        self.validation_weight, self.table = validation_weight, table


def m(spec, make=None):
    """make: None where Keras has the same name for it"""
    return spec, make if make is not None else lambda: spec


def spec_list(case):
    """libnn's list: the weighted metrics first, for their place in it doesn't matter."""
    several = case.outputs is not None
    parts = []
    for metrics, suffix in ((case.weighted, " weighted=true"), (case.metrics, "")):
        for index, of in enumerate(metrics if several else [metrics]):
            prefix = case.outputs[index] + "/" if several else ""
            parts += [prefix + spec + suffix for spec, _ in of]
    return "; ".join(parts)


def build(case, inputs):
    keras.utils.clear_session()
    x = keras.Input((inputs,), name="x_in")
    made, tensor = {}, x
    for spec, name, make in case.layers:
        tensor = make(name)(made.get("shared", x) if case.outputs and name in case.outputs else tensor)
        made[name] = tensor
    model = keras.Model(x, [made[name] for name in case.outputs] if case.outputs else tensor)

    def of(metrics):
        return [[make() for _, make in output] for output in metrics] if case.outputs else [
            make() for _, make in metrics]

    loss = case.loss[1]() if isinstance(case.loss, tuple) else case.loss
    model.compile(optimizer=keras.optimizers.SGD(RATE), loss=loss, metrics=of(case.metrics),
                  weighted_metrics=of(case.weighted))
    return model


def dense(units, name, activation=None):
    spec = f"dense units={units} name={name}" + (f" activation={activation}" if activation else "")
    return spec, name, lambda name: keras.layers.Dense(units, activation=activation, name=name)


def dense_rows(shape, name, activation=None):
    """A layer that gives a table of values, along whose last axis loss and metrics work."""
    return [(f"dense units={shape[0] * shape[1]} name={name}_flat", f"{name}_flat",
             lambda name: keras.layers.Dense(shape[0] * shape[1], name=name)),
            (f"reshape target_shape=({shape[0]},{shape[1]}) name={name}_table", f"{name}_table",
             lambda name: keras.layers.Reshape(shape, name=name)),
            (f"activation activation={activation} name={name}", name,
             lambda name: keras.layers.Activation(activation, name=name))]


def weight_list(case, weight):
    if case.table and weight is not None:
        return weight[:, None]  # in which form Keras's losses broadcast them
    return [weight] * len(case.outputs) if case.outputs and weight is not None else weight


def run_case(case):
    rng = np.random.default_rng(case.seed)
    # Keras means the outputs' own losses over batches, whatever their size: these are of one size
    train, validate, inputs = (15, 10, 3) if case.outputs else (13, 7, 3)
    x = (rng.integers(-8, 9, (train + validate, inputs)) / 4).astype(np.float32)
    y = case.y(rng, x)
    weight = row_weights(rng, train + validate)

    def part(first, end):
        cut = [a[first:end] for a in y]
        return x[first:end], (cut if case.outputs else cut[0])

    training, validation = part(0, train), part(train, train + validate)
    train_weight = weight[:train] if case.sample_weight else None
    validate_weight = weight[train:] if case.validation_weight else None

    def run(model):
        history = model.fit(
            *training, sample_weight=weight_list(case, train_weight), batch_size=BATCH, epochs=EPOCHS, shuffle=False,
            class_weight=dict(enumerate(case.class_weight)) if case.class_weight else None, verbose=0,
            validation_data=(*validation, weight_list(case, validate_weight)) if case.validation_weight
            else validation)
        found = {key: [float(v) for v in np.ravel(series)] for key, series in history.history.items()}
        if case.class_weight is None:
            whole = model.evaluate(*validation, sample_weight=weight_list(case, weight[train:]), return_dict=True,
                                   batch_size=BATCH if case.outputs else 256, verbose=0)
            found |= {f"evaluate {key}": [float(np.ravel(v)[0])] for key, v in whole.items()}
            step = model.train_on_batch(*validation, sample_weight=weight_list(case, weight[train:]),
                                        return_dict=True)
            found |= {f"step {key}": [float(np.ravel(v)[0])] for key, v in step.items()}
        return found

    start, found = None, []
    for nearby in (False, True):
        model = build(case, inputs)
        if start is None:
            start = golden.weights_like(np.random.default_rng(case.seed + 1000), model)
        model.set_weights([(w * (1 + 1e-7 * nearby * rng.choice([-1, 1], w.shape))).astype(np.float32)
                           for w in start])
        if not nearby:
            initial = golden.named_weights(model)
        found.append(run(model))
    worst = max(golden.compared(f"{case.name} {key}", found[0][key], found[1][key]) for key in found[0])
    print(f"  {case.name}: sensitivity {worst:.1e}, {len(found[0])} series")
    config = model.get_compile_config()
    kept = {key: config[key] for key in ("loss", "metrics", "weighted_metrics")}
    kept["optimizer"] = keras.optimizers.serialize(keras.optimizers.SGD(RATE))
    described = {
        "name": case.name, "layers": [spec for spec, _, _ in case.layers], "outputs": ", ".join(case.outputs or []),
        "loss": case.loss[0] if isinstance(case.loss, tuple) else "; ".join(np.atleast_1d(case.loss)),
        "metrics": spec_list(case), "epochs": EPOCHS, "batch_size": BATCH, "train": train, "rows": len(x),
        "x": golden.column(x), "labels": y[0].dtype == np.int32,
        "y": golden.column(np.concatenate([a.reshape(len(x), -1) for a in y], axis=1)),
        "weights": weight, "train_weighted": case.sample_weight, "validation_weighted": case.validation_weight,
        "initial_weights": initial,
        "names": [name for name in found[0] if not name.startswith(("val_", "evaluate ", "step "))],
        "expected": [{"name": name, "values": values, "bound": STEPS_BOUND * float(np.abs(values).max())}
                     for name, values in found[0].items()],
        "config": json.dumps(kept),
    }
    if case.class_weight:
        described["class_weight"] = np.array(case.class_weight)
    return described


def cases():
    def labels(rng, x):
        return [golden.labels(rng, x, 3)]

    def some_labels(rng, x):
        wanted = golden.labels(rng, x, 3)
        wanted[::4] = -1
        return [wanted]

    def bits(rng, x):
        return [golden.bits(rng, x, 3, np.float32)]

    def bit(rng, x):
        return [golden.bits(rng, x, 1, np.float32)]

    def reals(rng, x):
        return [golden.values(rng, x, 3)]

    hidden = dense(4, "h", "tanh")
    classes, answers, answer, numbers = (dense(3, "o", "softmax"), dense(3, "o", "sigmoid"),
                                         dense(1, "o", "sigmoid"), dense(3, "o"))
    sparse = "sparse_categorical_crossentropy"
    accuracy = m("accuracy")
    # with names: Keras numbers objects without, beside each other or not
    counts = [m(name, lambda make=make, name=name: make(name=name))
              for name, make in (("true_positives", keras.metrics.TruePositives),
                                 ("precision", keras.metrics.Precision), ("recall", keras.metrics.Recall),
                                 ("auc", keras.metrics.AUC))] + [
              m("f1_score average=macro threshold=0.5", lambda: keras.metrics.F1Score("macro", 0.5))]
    yield Case("labels, both", 1, [hidden, classes], sparse, labels, [accuracy], [accuracy, m(sparse)])
    yield Case("labels, only weighted", 2, [hidden, classes], sparse, labels, [], [accuracy])
    yield Case("class weights", 3, [hidden, classes], sparse, labels, [accuracy], [accuracy], sample_weight=False,
               class_weight=[0.5, 2.0, 1.25], validation_weight=False)
    yield Case("class weights of answers", 4, [hidden, answer], "binary_crossentropy", bit, [accuracy],
               [accuracy, counts[1]], sample_weight=False, class_weight=[0.75, 2.0],
               validation_weight=False)
    yield Case("no weights to train with", 5, [hidden, answers], "binary_crossentropy", bits, counts, counts,
               sample_weight=False)
    yield Case("answers", 6, [hidden, answers], "binary_crossentropy", bits, counts,
               counts + [m("binary_accuracy", keras.metrics.BinaryAccuracy)])
    yield Case("no weights to validate with", 7, [hidden, numbers], "mean_squared_error", reals,
               [m("r2_score", keras.metrics.R2Score)],
               [m("r2_score", keras.metrics.R2Score),
                m("root_mean_squared_error", keras.metrics.RootMeanSquaredError),
                m("cosine_similarity", keras.metrics.CosineSimilarity)], validation_weight=False)
    yield Case("a name of one's own", 8, [hidden, numbers], "mean_squared_error", reals,
               [m("mean_absolute_error name=error", lambda: keras.metrics.MeanAbsoluteError(name="error"))],
               [m("mean_absolute_error name=error", lambda: keras.metrics.MeanAbsoluteError(name="error")),
                m("mean_squared_error name=other", lambda: keras.metrics.MeanSquaredError(name="other"))])
    own = m("half_error", lambda: half_error)
    yield Case("a caller's own", 9, [hidden, numbers], "mean_squared_error", reals, [own], [own])
    yield Case("tables", 10, [hidden, *dense_rows((2, 3), "o", "softmax")], sparse,
               lambda rng, x: [golden.scores(rng, x, 6).reshape(-1, 2, 3).argmax(axis=2).astype(np.int32)],
               [accuracy], [accuracy, m(sparse)], table=True)
    ignoring = ("sparse_categorical_crossentropy ignore_class=-1",
                lambda: keras.losses.SparseCategoricalCrossentropy(ignore_class=-1))
    top = m("sparse_top_k_categorical_accuracy k=2", lambda: keras.metrics.SparseTopKCategoricalAccuracy(
        2, name="sparse_top_k_categorical_accuracy"))
    yield Case("a class that the loss ignores", 13, [hidden, classes], ignoring, some_labels, [accuracy],
               [accuracy, top])
    yield Case("class weights and a class that the loss ignores", 14, [hidden, classes], ignoring, some_labels,
               [accuracy], [accuracy, top], sample_weight=False, class_weight=[0.5, 2.0, 1.25],
               validation_weight=False)
    mae = m("mean_absolute_error", keras.metrics.MeanAbsoluteError)
    yield Case("two outputs", 11, [dense(4, "shared", "tanh"), dense(3, "a"), dense(2, "b")],
               ["mean_squared_error", "mean_absolute_error"],
               lambda rng, x: [golden.values(rng, x, 3), golden.values(rng, x, 2)], [[mae], [mae]],
               [[mae, m("mean_squared_error", keras.metrics.MeanSquaredError)], [mae]], outputs=["a", "b"])
    yield Case("two outputs, one weighted", 12, [dense(4, "shared", "tanh"), dense(3, "a"), dense(2, "b")],
               ["mean_squared_error", "mean_absolute_error"],
               lambda rng, x: [golden.values(rng, x, 3), golden.values(rng, x, 2)], [[mae], []],
               [[], [mae, m("r2_score", keras.metrics.R2Score)]], outputs=["a", "b"])


def main():
    assert keras.config.floatx() == "float32"
    golden.write("weighted_metrics.json",
                 [case(i, name, *data) for i, (name, data) in enumerate(plain.data_sets().items())])
    golden.write("weighted_metric_fits.json", [run_case(c) for c in cases()])


if __name__ == "__main__":
    main()
