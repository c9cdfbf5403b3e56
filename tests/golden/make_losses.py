"""Makes the golden values of test_golden_losses.c with real Keras 3. Run by hand, on TensorFlow (the
backends differ where probabilities are clipped):

    KERAS_BACKEND=tensorflow python tests/golden/make_losses.py

It writes losses_more.json (each row's loss and its gradient) and loss_steps.json (STEPS steps of training
with each loss) beside itself. What both allow, BOUND or STEPS_BOUND of the largest value, stands beside the
values. Everything is float32, and make_golden.py's helpers do the work; a case of training is run twice,
as there, so that none is chaotic.
"""

import keras
import numpy as np
from keras import losses, ops
from keras.src.losses.losses import convert_binary_labels_to_hinge

import make_golden as golden

BOUND = 1e-5
STEPS_BOUND = 2e-5
STEPS = 20
ROWS, BATCH, INPUTS, UNITS, OUTPUTS = 32, 16, 6, 8, 4


class Perceptron(losses.Loss):
    """mean(max(-y_true * y_pred, 0)), which Keras doesn't have, with the targets of its hinge."""

    def call(self, y_true, y_pred):
        wanted = convert_binary_labels_to_hinge(ops.cast(y_true, y_pred.dtype))
        return ops.mean(ops.maximum(-wanted * y_pred, 0.0), axis=-1)


def loss_class(name):
    if name == "perceptron":
        return Perceptron
    function = keras.losses.get(name)
    for candidate in vars(losses).values():
        if isinstance(candidate, type) and issubclass(candidate, losses.Loss):
            try:
                if candidate().fn is function:
                    return candidate
            except (AttributeError, TypeError):
                continue
    raise SystemExit(f"{name}: Keras has no such loss")


def loss_of(name, **options):
    """(libnn's spec, maker of Keras's loss)"""
    text = "".join(f" {key}={str(value).lower() if isinstance(value, bool) else f'{value:g}'}"
                   for key, value in options.items())
    return name + text, lambda **more: loss_class(name)(**options, **more)


# ---- values and gradients --------------------------------------------------------------------------


def bound(values, share):
    return share * float(np.abs(np.asarray(values)).max())


def value_case(loss, y, target):
    spec, make = loss
    y, rng = np.asarray(y, np.float32), np.random.default_rng(len(spec))
    weight = (rng.integers(1, 33, len(y)) / 16).astype(np.float32)
    labels = target.dtype == np.int32
    wanted = target.reshape(-1, 1) if labels else np.asarray(target, np.float32)
    function = make(reduction=None)
    # a loss of the whole batch is that of each of its rows
    value, gradient = golden.value_and_gradient(
        lambda p: ops.broadcast_to(function(wanted, p), (len(y),)), y, weight)
    assert value.shape == (len(y),), (spec, value.shape)
    return {"spec": spec, "rows": len(y), "width": y.shape[1], "y": y, "weight": weight,
            "target_kind": "labels" if labels else "values", "target": target,
            "loss": value, "loss_bound": bound(value, BOUND),
            "gradient": gradient, "gradient_bound": bound(gradient, BOUND)}


def value_cases():
    rng = np.random.default_rng(51)
    rows, width = 6, 4

    def short(values):
        return np.round(np.asarray(values) * 64).astype(np.float32) / 64

    spread = short(rng.normal(size=(rows, width)) * np.array([[0.3], [1], [1], [3], [10], [30]]))
    near = short(rng.normal(size=(rows, width)))
    given = short(rng.uniform(0.05, 0.95, (rows, width)))
    # certain, right and wrong: what is clipped
    certain = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0, 0.5, 0], [0.25, 0.25, 0.25, 0.25]], np.float32)
    classes = np.array([0, 1, 2, 3, 1, 2], np.int32)
    hot = np.eye(width, dtype=np.float32)[classes]
    soft = short(rng.dirichlet(np.ones(width), rows))
    soft[np.arange(rows), soft.argmax(axis=1)] += 1 - soft.sum(axis=1)  # TensorFlow takes a sum of 1 for granted
    bits = rng.integers(0, 2, (rows, width)).astype(np.float32)
    signs = 2 * bits - 1
    counts = rng.integers(0, 6, (rows, width)).astype(np.float32)
    reals = short(rng.normal(size=(rows, width)) + 2 * signs)

    def several(settings, *data):
        for loss in settings:
            for y, target in data:
                yield value_case(loss, y, target)

    yield from several([loss_of("mean_squared_error")], (spread, reals), (near, soft), (given[:, :1], bits[:, :1]))
    for name in ("mean_absolute_error", "mean_absolute_percentage_error", "log_cosh"):
        yield from several([loss_of(name)], (spread, reals), (near, bits), (given[:, :1], soft[:, :1] + 2))
    yield from several([loss_of("mean_squared_logarithmic_error")], (spread, counts), (given, reals),
                       (10 * given[:, :1], counts[:, :1]))
    yield from several([loss_of("huber"), loss_of("huber", delta=0.3), loss_of("huber", delta=5)],
                       (spread, reals))
    yield from several([loss_of("cosine_similarity")], (spread, reals), (near, bits - 0.25),
                       (given[:, :2], soft[:, :2] + 1))
    for more in ({}, {"label_smoothing": 0.1}):
        logits = more | {"from_logits": True}
        yield from several([loss_of("binary_crossentropy", **more)], (given, bits), (certain, bits[:4]))
        yield from several([loss_of("binary_crossentropy", **logits)], (spread, bits))
        yield from several([loss_of("categorical_crossentropy", **more)], (given, hot), (certain, hot[:4]))
        yield from several([loss_of("categorical_crossentropy", **logits)], (spread, soft))
    yield from several([loss_of("sparse_categorical_crossentropy")], (given, classes),
                       (given / given.sum(axis=1, keepdims=True), classes))  # where p is clipped, backends differ
    yield from several([loss_of("sparse_categorical_crossentropy", from_logits=True)], (spread, classes))
    for options in ({}, {"apply_class_balancing": True, "alpha": 0.4}, {"gamma": 0}, {"gamma": 1.5},
                    {"gamma": 3, "label_smoothing": 0.2}):
        yield from several([loss_of("binary_focal_crossentropy", **options)], (given, bits))
    yield from several([loss_of("binary_focal_crossentropy")], (certain, bits[:4]), (given[:, :1], bits[:, :1]))
    for options in ({}, {"alpha": 0.5, "gamma": 1}, {"gamma": 0}, {"gamma": 1.5, "label_smoothing": 0.2}):
        yield from several([loss_of("categorical_focal_crossentropy", **options)], (given, hot))
    yield from several([loss_of("categorical_focal_crossentropy")], (certain, hot[:4]))
    for name in ("binary_focal_crossentropy", "categorical_focal_crossentropy"):
        target = bits if name[0] == "b" else soft
        yield from several([loss_of(name, from_logits=True),
                            loss_of(name, from_logits=True, gamma=0.5, label_smoothing=0.1)], (near, target))
        # as float32, 1 - p has few digits left between these
        sure = np.where(np.abs(spread) > 5, 40 * np.sign(spread), spread)
        yield from several([loss_of(name, from_logits=True)], (sure, target))
    yield from several([loss_of("kl_divergence")], (given, soft), (certain, hot[:4]), (spread, soft))
    yield from several([loss_of("poisson")], (10 * given, counts), (given, reals), (given[:, :1], soft[:, :1]))
    for name in ("hinge", "squared_hinge", "perceptron"):
        yield from several([loss_of(name)], (spread, bits), (near, signs), (near, reals),
                           (spread[:, :1], bits[:, :1]))
    yield from several([loss_of("categorical_hinge")], (spread, hot), (near, soft), (given[:, :2], 1 - hot[:, 2:]),
                       (np.zeros((2, width)), hot[:2]))  # several are the largest
    yield from several([loss_of("dice"), loss_of("tversky"), loss_of("tversky", alpha=0.2, beta=0.9)],
                       (given, bits), (certain, soft[:4]))
    yield from several([loss_of("dice", axis=-1)], (given, bits), (certain, hot[:4]), (given[:, :1], soft[:, :1]))
    yield from several([loss_of("tversky", axis=-1), loss_of("tversky", alpha=0.2, beta=0.9, axis=-1),
                        loss_of("tversky", alpha=0, beta=2, axis=-1)], (given, bits), (certain, soft[:4]))


# ---- training --------------------------------------------------------------------------------------


def step_cases():
    plain = golden.sgd("learning_rate=0.05", learning_rate=0.05)
    rng = np.random.default_rng(61)
    x = (rng.integers(-8, 9, (ROWS, INPUTS)) / 4).astype(np.float32)
    scores = golden.scores(rng, x, OUTPUTS)
    classes = scores.argmax(axis=1)
    hot = np.eye(OUTPUTS, dtype=np.float32)[classes]
    bits = (scores > 0).astype(np.float32)
    reals = (np.round(scores * 16) / 16).astype(np.float32)
    soft = (np.round(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True) * 64) / 64).astype(np.float32)
    counts = np.minimum(np.floor(np.exp(scores)), 5).astype(np.float32)
    labels = classes.astype(np.int32).reshape(-1, 1)

    def case(loss, y, activation=None):
        name = loss[0].replace(" ", "_").replace("=", "_")
        return dict(name=name, seed=61, x=x, y=y, optimizer=plain, loss=loss, metrics=[], batch_size=BATCH,
                    layers=[golden.dense(UNITS, "tanh", shape=(INPUTS,)), golden.dense(OUTPUTS, activation)])

    for name in ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "cosine_similarity"):
        yield case(loss_of(name), reals)
    yield case(loss_of("huber", delta=0.25), reals)
    yield case(loss_of("mean_absolute_percentage_error"), 50 + 10 * bits)
    yield case(loss_of("mean_squared_logarithmic_error"), counts, "sigmoid")
    yield case(loss_of("poisson"), counts, "sigmoid")
    yield case(loss_of("binary_crossentropy"), bits, "sigmoid")
    yield case(loss_of("binary_focal_crossentropy"), bits, "sigmoid")
    yield case(loss_of("binary_focal_crossentropy", apply_class_balancing=True, from_logits=True), bits)
    yield case(loss_of("categorical_crossentropy"), hot, "softmax")
    yield case(loss_of("sparse_categorical_crossentropy"), labels, "softmax")
    yield case(loss_of("categorical_focal_crossentropy"), hot, "softmax")
    yield case(loss_of("categorical_focal_crossentropy", alpha=1, gamma=1, from_logits=True), hot)
    yield case(loss_of("kl_divergence"), soft, "softmax")
    yield case(loss_of("hinge"), bits)
    yield case(loss_of("squared_hinge"), 2 * bits - 1)
    yield case(loss_of("perceptron"), bits)
    yield case(loss_of("categorical_hinge"), hot)
    yield case(loss_of("dice"), bits, "sigmoid")
    yield case(loss_of("dice", axis=-1), bits, "sigmoid")
    yield case(loss_of("tversky"), bits, "sigmoid")
    yield case(loss_of("tversky", alpha=0.3, beta=0.7, axis=-1), bits, "sigmoid")


def steps(case):
    def run(model):
        found = []
        for step in range(STEPS):
            part = slice(step % 2 * BATCH, step % 2 * BATCH + BATCH)
            found.append(float(model.train_on_batch(case["x"][part], case["y"][part], return_dict=True)["loss"]))
        return {"loss": found}

    initial, found, final = golden.twice(case, run)
    for weight in final:
        weight["bound"] = bound(weight["values"], STEPS_BOUND)
    return golden.head(case) | {"steps": STEPS, "initial_weights": initial, "loss_by_step": found["loss"],
                                "loss_bound": bound(found["loss"], STEPS_BOUND), "final_weights": final}


def main():
    assert keras.config.floatx() == "float32"
    keras.utils.set_random_seed(0)
    golden.write("losses_more.json", list(value_cases()))
    golden.write("loss_steps.json", [steps(case) for case in step_cases()])


if __name__ == "__main__":
    main()
