"""Makes the golden values of test_golden_loss_reductions.c with real Keras 3. Run by hand, on TensorFlow (as
make_losses.py, whose settings of the parts without reductions stand beside these):

    KERAS_BACKEND=tensorflow python tests/golden/make_loss_reductions.py

It writes beside itself, each of every loss with several reductions, options and sample weights:
    loss_reductions.json       a batch's loss and its gradient by what the last layer's activation is given
    loss_reduction_steps_linear.json, loss_reduction_steps_activated.json
                               STEPS steps of training on batches of BATCH rows and one of fewer, without and
                               with an activation between the outputs and the loss
    loss_reduction_fits.json   the history of fit, with validation, on batches that aren't of one size, and what
                               evaluate gives for all rows at once
What may be off, BOUND or STEPS_BOUND of the largest value, stands beside the values. Everything is float32. A
case of training is run twice, as in make_golden.py, so that none is chaotic.
"""

import keras
import numpy as np
from keras import losses, ops

import make_golden as golden
import make_losses as plain
from make_losses import BOUND, STEPS, STEPS_BOUND, bound

ROWS, BATCH, INPUTS, UNITS, OUTPUTS = 12, 5, 3, 4, 3
SUM, MEAN, WEIGHTED = ({"reduction": name} for name in ("sum", "mean", "mean_with_sample_weight"))


def loss_of(name, **options):
    """(libnn's spec, maker of Keras's loss)"""
    def text(value):
        return str(value).lower() if isinstance(value, (bool, str)) else f"{value:g}"

    make = (losses.CategoricalGeneralizedCrossEntropy if name == "categorical_generalized_cross_entropy"
            else plain.loss_class(name))
    return name + "".join(f" {key}={text(value)}" for key, value in options.items()), lambda: make(**options)


# What each loss compares and behind which activation: the kind of its targets, then its settings.
# None: every row weighs the same.
LOSSES = [
    ("mean_squared_error", "reals", None, [{}, {}, {}]),
    ("mean_absolute_error", "reals", None, [{}, {}, {}]),
    ("mean_absolute_percentage_error", "large", None, [{}, {}, {}]),
    ("mean_squared_logarithmic_error", "counts", "sigmoid", [{}, {}, {}]),
    ("huber", "reals", None, [{"delta": 0.25}, {"delta": 2}, {}]),
    ("log_cosh", "reals", None, [{}, {}, {}]),
    ("cosine_similarity", "reals", None, [{}, {}, {}]),
    ("binary_crossentropy", "bits", "sigmoid", [{}, {"label_smoothing": 0.1}, {"label_smoothing": 0.3}]),
    ("binary_crossentropy", "bits", None, [{"from_logits": True}]),
    ("binary_focal_crossentropy", "bits", "sigmoid",
     [{}, {"apply_class_balancing": True}, {"gamma": 1, "label_smoothing": 0.2}]),
    ("categorical_crossentropy", "hot", "softmax", [{}, {"label_smoothing": 0.1}, {"label_smoothing": 0.3}]),
    ("categorical_crossentropy", "hot", None, [{"from_logits": True}]),
    ("categorical_focal_crossentropy", "hot", "softmax", [{}, {"gamma": 1}, {"alpha": 0.5, "label_smoothing": 0.1}]),
    ("categorical_generalized_cross_entropy", "labels", "softmax", [{}, {"q": 0.2}, {"q": 0.9}]),
    ("sparse_categorical_crossentropy", "labels", "softmax", [{}, {}, {"ignore_class": 1}]),
    ("sparse_categorical_crossentropy", "some_labels", "softmax", [{"ignore_class": -1}] * 3),
    ("sparse_categorical_crossentropy", "some_labels", None, [{"ignore_class": -1, "from_logits": True}] * 2),
    ("kl_divergence", "soft", "softmax", [{}, {}, {}]),
    ("poisson", "counts", "sigmoid", [{}, {}, {}]),
    ("hinge", "bits", None, [{}, {}, {}]),
    ("squared_hinge", "signs", None, [{}, {}, {}]),
    ("perceptron", "bits", None, [{}, {}, {}]),
    ("categorical_hinge", "hot", None, [{}, {}, {}]),
    ("dice", "bits", "sigmoid", [{"axis": -1}, {"axis": -1}, {}]),
    ("tversky", "bits", "sigmoid", [{"axis": -1}, {"alpha": 0.3, "beta": 0.7, "axis": -1}, {}]),
]


def targets(scores, kind):
    classes = scores.argmax(axis=1)
    if kind == "reals":
        return (np.round(scores * 16) / 16).astype(np.float32)
    if kind == "large":
        return (50 + 10 * (scores > 0)).astype(np.float32)
    if kind == "counts":
        return np.minimum(np.floor(np.exp(scores)), 5).astype(np.float32)
    if kind == "hot":
        return np.eye(scores.shape[1], dtype=np.float32)[classes]
    if kind == "soft":
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return (np.round(shares * 64) / 64).astype(np.float32)
    if kind == "labels":
        return classes.astype(np.int32)
    if kind == "some_labels":
        classes[1::3] = -1
        return classes.astype(np.int32)
    bits = (scores > 0).astype(np.float32)
    return bits if kind == "bits" else 2 * bits - 1


def weights(rng, rows):
    return (rng.integers(0, 33, rows) / 16).astype(np.float32)


def settings():
    """(loss, kind of targets, activation, whether rows have weights), no two losses in the same order"""
    orders = [(SUM, True), (WEIGHTED, True), ({}, True)], [(WEIGHTED, True), (MEAN, True), (SUM, False)]
    for i, (name, kind, activation, all_options) in enumerate(LOSSES):
        for options, (reduction, weighted) in zip(all_options, orders[i % 2]):
            yield loss_of(name, **options, **reduction), kind, activation, weighted


# ---- a batch ---------------------------------------------------------------------------------------


def value_case(number, loss, kind, activation, weight):
    rng = np.random.default_rng(71 + number)
    rows = 4
    z = (np.round(rng.normal(size=(rows, OUTPUTS)) * 64) / 64).astype(np.float32)
    wanted = targets(rng.normal(size=(rows, OUTPUTS)), kind)
    function, activate = loss[1](), keras.activations.get(activation)
    value, gradient = golden.value_and_gradient(lambda z: function(wanted, activate(z), sample_weight=weight),
                                                z, np.float32(1))
    case = {"spec": loss[0], "layer": f"dense units={OUTPUTS} use_bias=false input_shape=({rows})" +
            (f" activation={activation}" if activation else ""), "rows": rows, "outputs": z,
            "y": golden.column(wanted.reshape(rows, -1))}
    if weight is not None:
        case["sample_weight"] = weight
    return case | {"loss": float(value), "loss_bound": bound(value, BOUND), "gradient": gradient,
                   "gradient_bound": bound(gradient, BOUND)}


def value_cases():
    number = 0
    for number, (loss, kind, activation, weighted) in enumerate(settings()):
        weight = weights(np.random.default_rng(number), 4) if weighted else None
        yield value_case(number, loss, kind, activation, weight)
    # weights that are all 0, of which there is no mean
    nothing = np.zeros(4, np.float32)
    for name in ("mean_squared_error", "sparse_categorical_crossentropy"):
        kind, activation = ("reals", None) if name[0] == "m" else ("labels", "softmax")
        for reduction in (WEIGHTED, SUM):
            number += 1
            yield value_case(number, loss_of(name, **reduction), kind, activation, nothing)
    # no weights: the mean over rows
    yield value_case(number + 1, loss_of("mean_squared_error", **WEIGHTED), "reals", None, None)
    yield value_case(number + 2, loss_of("sparse_categorical_crossentropy", ignore_class=-1, **WEIGHTED),
                     "some_labels", "softmax", None)


# ---- training --------------------------------------------------------------------------------------


def data(rows, seed):
    rng = np.random.default_rng(seed)
    x = (rng.integers(-8, 9, (rows, INPUTS)) / 4).astype(np.float32)
    return x, golden.scores(rng, x, OUTPUTS), weights(rng, rows)


def case_of(rows, loss, kind, activation, weighted, seed):
    x, scores, weight = data(rows, seed)
    options = loss[0].replace(" ", "_").replace("=", "_")
    rate = 0.02 if "reduction=sum" in loss[0] else 0.05
    return dict(name=options, seed=seed, x=x, y=targets(scores, kind), loss=loss, metrics=[], batch_size=BATCH,
                optimizer=golden.sgd(f"learning_rate={rate}", learning_rate=rate),
                layers=[golden.dense(UNITS, "tanh", shape=(INPUTS,)), golden.dense(OUTPUTS, activation)],
                sample_weight=weight if weighted else None)


def described(case):
    return golden.head(case | {"y": case["y"].reshape(len(case["y"]), -1)})


def add_bounds(final):
    for weight in final:
        weight["bound"] = bound(weight["values"], STEPS_BOUND)
    return final


def steps(case):
    def run(model):
        found = []
        starts = range(0, ROWS, BATCH)
        for step in range(STEPS):
            part = slice(starts[step % len(starts)], min(starts[step % len(starts)] + BATCH, ROWS))
            weight = case["sample_weight"][part] if case["sample_weight"] is not None else None
            found.append(float(model.train_on_batch(case["x"][part], case["y"][part], sample_weight=weight,
                                                    return_dict=True)["loss"]))
        return {"loss": found}

    initial, found, final = golden.twice(case, run)
    return described(case) | {"steps": STEPS, "initial_weights": initial, "loss_by_step": found["loss"],
                              "loss_bound": bound(found["loss"], STEPS_BOUND), "final_weights": add_bounds(final)}


def fit(case):
    weight = case.get("class_weight")

    def run(model):
        history = model.fit(case["x"], case["y"], batch_size=BATCH, epochs=4, shuffle=False, validation_split=0.35,
                            sample_weight=case["sample_weight"],
                            class_weight=dict(enumerate(weight)) if weight else None, verbose=0)
        found = {key: [float(v) for v in series] for key, series in history.history.items()}
        whole = model.evaluate(case["x"], case["y"], sample_weight=case["sample_weight"], batch_size=256,
                               return_dict=True, verbose=0)
        return found | {"evaluate": [float(v) for v in whole.values()]}

    initial, found, final = golden.twice(case, run)
    more = {"class_weight": np.array(weight)} if weight else {}
    return described(case) | more | {
        "epochs": 4, "validation_split": 0.35, "initial_weights": initial, "expected": found,
        "bounds": {key: bound(values, STEPS_BOUND) for key, values in found.items()},
        "final_weights": add_bounds(final)}


def fit_cases():
    rows = 20  # 13 to train on, by 5, 5 and 3, and 7 to validate with, by 5 and 2
    for seed, reduction in enumerate((SUM, WEIGHTED, MEAN, {}), 81):
        yield case_of(rows, loss_of("mean_squared_error", **reduction), "reals", None, True, seed)
        yield case_of(rows, loss_of("sparse_categorical_crossentropy", ignore_class=-1, **reduction), "some_labels",
                      "softmax", seed % 2 == 0, seed) | {
            "metrics": ["sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"] if not reduction else []}
    yield case_of(rows, loss_of("sparse_categorical_crossentropy", **WEIGHTED), "labels", "softmax", False, 91) | {
        "class_weight": [0.5, 2.0, 1.25]}


def main():
    assert keras.config.floatx() == "float32"
    keras.utils.set_random_seed(0)
    golden.write("loss_reductions.json", list(value_cases()))
    for name, is_linear in (("linear", True), ("activated", False)):
        golden.write(f"loss_reduction_steps_{name}.json",
                     [steps(case_of(ROWS, *setting, 71 + i)) for i, setting in enumerate(settings())
                      if (setting[2] is None) == is_linear])
    golden.write("loss_reduction_fits.json", [fit(case) for case in fit_cases()])


if __name__ == "__main__":
    main()
