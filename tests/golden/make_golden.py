"""Makes the golden values of test_golden.c with real Keras 3. Run by hand, with any backend:

    KERAS_BACKEND=jax python tests/golden/make_golden.py

It writes trajectories.json, fit.json, activations.json, losses.json and initializers.json beside
itself. Each case says the same thing twice, as libnn's specs and as Keras objects. Everything is
float32; floats are written with 9 significant digits, so that they read back as the same float32.

A trajectory is only worth comparing if it isn't chaotic: each is run a second time from initial
weights that differ by one part in 10^7, and the script stops if the results then differ by more than
MAX_SENSITIVITY of each tensor's largest value.
"""

import json
import os
import pathlib
import platform

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras
import numpy as np
from keras import layers, losses, optimizers

HERE = pathlib.Path(__file__).resolve().parent
STEPS = 100
PREDICTED_ROWS = 40
MAX_SENSITIVITY = 3e-6


# ---- writing ------------------------------------------------------------------------------------


def number(value):
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    assert np.isfinite(value), value
    return format(float(value), ".9g")


def text_of(value, indent=0):
    """JSON with every list of numbers on one line."""
    pad = " " * indent
    if value is None or isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, np.ndarray):
        return "[" + ",".join(number(v) for v in value.ravel()) + "]"
    if isinstance(value, dict):
        rows = [f"{pad} {json.dumps(k)}: {text_of(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + pad + "}"
    if isinstance(value, (list, tuple)):
        if all(isinstance(v, (int, float, np.number)) for v in value):
            return "[" + ",".join(number(v) for v in value) + "]"
        if all(isinstance(v, str) for v in value):
            return json.dumps(value)
        return "[\n" + ",\n".join(pad + " " + text_of(v, indent + 1) for v in value) + "\n" + pad + "]"
    return number(value)


def write(name, cases):
    made_with = {
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    backend = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch"}[made_with["backend"]]
    made_with[backend] = __import__(backend).__version__
    path = HERE / name
    path.write_text(text_of({"made_with": made_with, "cases": cases}) + "\n")
    print(f"{path}: {len(cases)} cases, {path.stat().st_size} bytes")


# ---- data: short decimals, so that the files stay small ------------------------------------------


def reals(rng, *shape):
    return (rng.integers(-32, 33, shape) / 16).astype(np.float32)


def pixels(rng, *shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


def scores(rng, x, classes):
    """A noisy linear teacher's scores, so that there is something to learn."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    flat = (flat - flat.mean()) / flat.std()
    values = flat @ rng.normal(size=(flat.shape[1], classes)) / np.sqrt(flat.shape[1])
    return values + 0.3 * rng.normal(size=values.shape)


def labels(rng, x, classes, dtype=np.int32):
    return scores(rng, x, classes).argmax(axis=1).astype(dtype).reshape(-1, 1)


def one_hot(rng, x, classes):
    return np.eye(classes, dtype=np.float32)[scores(rng, x, classes).argmax(axis=1)]


def bits(rng, x, width, dtype=np.uint8):
    return (scores(rng, x, width) > 0).astype(dtype)


def values(rng, x, *shape):
    count = int(np.prod(shape))
    rounded = np.round(np.tanh(scores(rng, x, count)) * 64) / 64
    return rounded.astype(np.float32).reshape(len(x), *shape)


def weights_like(rng, model):
    """Kernels scaled by their inputs; biases that aren't 0, so that none stays near 0."""
    made = []
    for weight in model.weights:
        shape = weight.shape
        if len(shape) == 2:
            w = rng.normal(size=shape) / np.sqrt(shape[0])
        else:
            w = rng.uniform(0.1, 0.5, shape) * rng.choice([-1, 1], shape)
        made.append((np.round(w * 1024) / 1024).astype(np.float32))
    return made


# ---- models -------------------------------------------------------------------------------------


def dense(units, activation=None, spec=None, shape=None, **more):
    """A dense layer as (spec, maker). spec: the activation as libnn writes it, where it has options."""
    text = f"dense units={units}"
    name = spec or activation
    if name:
        text += f" activation={name}"
    for key, value in more.items():
        text += f" {key}={str(value).lower()}"
    return layer(text, lambda: layers.Dense(units, activation=activation, **more), shape)


def layer(text, make, shape=None):
    if shape:
        text += " input_shape=(" + ",".join(map(str, shape)) + ")"
    return (text, make)


def build(case):
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input(case["x"].shape[1:])] + [make() for _, make in case["layers"]])
    model.compile(
        optimizer=case["optimizer"][1](),
        loss=case["loss"][1](),
        metrics=list(case["metrics"]),
    )
    return model


def named_weights(model):
    return [
        {"name": f"{owner.name}/{w.name}", "shape": list(w.shape), "values": keras.ops.convert_to_numpy(w)}
        for owner in model.layers
        for w in owner.weights
    ]


def column(array):
    names = {np.dtype(np.float32): "float32", np.dtype(np.uint8): "uint8", np.dtype(np.int32): "int32"}
    width = int(np.prod(array.shape[1:]))
    return {"type": names[array.dtype], "width": width, "values": array}


def head(case):
    """What both kinds of case begin with: the model and its data, as libnn is told."""
    described = {
        "name": case["name"],
        "layers": [text for text, _ in case["layers"]],
        "optimizer": case["optimizer"][0],
        "loss": case["loss"][0],
        "metrics": "; ".join(case["metrics"]),
        "rows": len(case["x"]),
        "batch_size": case["batch_size"],
        "x": column(case["x"]),
        "y": column(case["y"]),
    }
    if case.get("sample_weight") is not None:
        described["sample_weight"] = case["sample_weight"]
    return described


def compared(name, a, b):
    """Stops unless two runs agree to MAX_SENSITIVITY of the largest value; returns the difference."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    difference = np.abs(a - b).max() / max(np.abs(a).max(), 1e-30)
    if difference > MAX_SENSITIVITY:
        raise SystemExit(f"{name}: too sensitive to rounding ({difference:.2g}): change the case")
    return difference


def twice(case, run):
    """run(model, initial weights) -> dict of lists, from two nearly equal starts; gives the first."""
    rng = np.random.default_rng(case["seed"] + 1000)
    model = build(case)
    start = weights_like(rng, model)
    nearby = [(w * (1 + 1e-7 * rng.choice([-1, 1], w.shape))).astype(np.float32) for w in start]
    model.set_weights(start)
    initial = named_weights(model)
    first = run(model)
    final = named_weights(model)
    model = build(case)
    model.set_weights(nearby)
    second = run(model)
    worst = max(compared(f"{case['name']} {key}", first[key], second[key]) for key in first)
    for a, b in zip(final, named_weights(model)):
        worst = max(worst, compared(f"{case['name']} {a['name']}", a["values"], b["values"]))
    print(f"  {case['name']}: sensitivity {worst:.1e}, loss {first['loss'][0]:.4f} -> {first['loss'][-1]:.4f}")
    return initial, first, final


# ---- trajectories: STEPS steps of train_on_batch ---------------------------------------------------


def sgd(text, **arguments):
    return ("sgd " + text, lambda: optimizers.SGD(**arguments))


def trajectory_cases():
    def case(name, seed, make_x, make_y, layer_list, optimizer, loss, metrics, rows=200, batch_size=32,
             weighted=False):
        rng = np.random.default_rng(seed)
        x = make_x(rng, rows)
        y = make_y(rng, x)
        made = dict(name=name, seed=seed, x=x, y=y, layers=layer_list, optimizer=optimizer, loss=loss,
                    metrics=metrics, batch_size=batch_size)
        if weighted:
            made["sample_weight"] = (rng.integers(0, 17, rows) / 8).astype(np.float32)
        return made

    def vectors(width):
        return lambda rng, rows: reals(rng, rows, width)

    plain = sgd("learning_rate=0.05", learning_rate=0.05)
    sparse = ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy)
    categorical = ("categorical_crossentropy", losses.CategoricalCrossentropy)
    binary = ("binary_crossentropy", losses.BinaryCrossentropy)
    squared = ("mean_squared_error", losses.MeanSquaredError)

    yield case("relu_relu_softmax", 1, vectors(10), lambda r, x: labels(r, x, 5),
               [dense(24, "relu", shape=(10,)), dense(16, "relu"), dense(5, "softmax")],
               plain, sparse, ["accuracy"])
    yield case("label_smoothing", 2, vectors(10), lambda r, x: one_hot(r, x, 5),
               [dense(24, "relu", shape=(10,)), dense(16, "relu"), dense(5, "softmax")],
               plain,
               ("categorical_crossentropy label_smoothing=0.1",
                lambda: losses.CategoricalCrossentropy(label_smoothing=0.1)), ["accuracy"])
    yield case("momentum", 3, vectors(8), lambda r, x: bits(r, x, 1),
               [dense(12, "tanh", shape=(8,)), dense(1, "sigmoid")],
               sgd("learning_rate=0.02 momentum=0.9", learning_rate=0.02, momentum=0.9),
               binary, ["accuracy"], batch_size=16)
    yield case("nesterov", 4, vectors(8), lambda r, x: values(r, x, 3),
               [dense(12, "sigmoid", shape=(8,)), dense(9, "leaky_relu"), dense(3)],
               sgd("learning_rate=0.02 momentum=0.9 nesterov=true",
                   learning_rate=0.02, momentum=0.9, nesterov=True),
               squared, ["mean_absolute_error"])
    yield case("flatten_rescaling_activation", 5, lambda r, rows: pixels(r, rows, 4, 5),
               lambda r, x: labels(r, x, 4, np.uint8),
               [layer("flatten", layers.Flatten, (4, 5)),
                layer("rescaling scale=0.0078125 offset=-1", lambda: layers.Rescaling(1 / 128, offset=-1.0)),
                dense(12), layer("activation activation=relu", lambda: layers.Activation("relu")),
                dense(4), layer("activation activation=softmax", lambda: layers.Activation("softmax"))],
               plain, sparse, ["accuracy"], rows=104, batch_size=24)
    yield case("activation_in_front", 6, vectors(8), lambda r, x: labels(r, x, 3),
               [layer("activation activation=tanh", lambda: layers.Activation("tanh"), (8,)),
                dense(10, "relu", use_bias=False), dense(3, "softmax")],
               plain, sparse, ["accuracy"], batch_size=16)
    yield case("dense_on_the_last_axis", 7, lambda r, rows: reals(r, rows, 3, 4),
               lambda r, x: values(r, x, 3, 5), [dense(5, "tanh", shape=(3, 4))],
               plain, squared, ["mean_absolute_error"], rows=104, batch_size=24)
    yield case("categorical_on_the_last_axis", 18, lambda r, rows: reals(r, rows, 3, 4),
               lambda r, x: np.eye(5, dtype=np.float32)[scores(r, x, 15).reshape(-1, 3, 5).argmax(axis=2)],
               [dense(5, "softmax", shape=(3, 4))], plain, categorical, ["accuracy"], rows=104, batch_size=24)
    yield case("softmax_inside", 8, lambda r, rows: reals(r, rows, 3, 4), lambda r, x: labels(r, x, 3),
               [dense(5, "softmax", shape=(3, 4)), layer("flatten", layers.Flatten), dense(3, "softmax")],
               sgd("learning_rate=0.2", learning_rate=0.2), sparse, ["accuracy"])
    yield case("sigmoid_categorical", 9, vectors(8), lambda r, x: one_hot(r, x, 4),
               [dense(12, "relu", shape=(8,)), dense(4, "sigmoid")], plain, categorical, ["accuracy"])
    yield case("sigmoid_sparse", 10, vectors(8), lambda r, x: labels(r, x, 4),
               [dense(12, "tanh", shape=(8,)), dense(4, "sigmoid")], plain, sparse, ["accuracy"])
    yield case("softmax_squared", 11, vectors(8), lambda r, x: one_hot(r, x, 4),
               [dense(12, "relu", shape=(8,)), dense(4, "softmax")],
               sgd("learning_rate=0.2", learning_rate=0.2), squared, ["mean_absolute_error", "accuracy"])
    yield case("softmax_binary", 12, vectors(8), lambda r, x: one_hot(r, x, 3),
               [dense(12, "tanh", shape=(8,)), dense(3, "softmax")], plain, binary, ["accuracy"])
    yield case("labels_from_logits", 13, vectors(8), lambda r, x: labels(r, x, 4),
               [dense(12, "leaky_relu", shape=(8,)), dense(4)], plain,
               ("sparse_categorical_crossentropy from_logits=true",
                lambda: losses.SparseCategoricalCrossentropy(from_logits=True)), ["accuracy"])
    yield case("one_hot_from_logits", 14, vectors(8), lambda r, x: one_hot(r, x, 4),
               [dense(12, "tanh", shape=(8,)), dense(4, "linear")], plain,
               ("categorical_crossentropy from_logits=true label_smoothing=0.2",
                lambda: losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)), ["accuracy"])
    yield case("binary_from_logits", 15, vectors(8), lambda r, x: bits(r, x, 1, np.float32),
               [dense(12, "relu", shape=(8,)), dense(1)], plain,
               ("binary_crossentropy from_logits=true",
                lambda: losses.BinaryCrossentropy(from_logits=True)), ["mean_absolute_error"])
    yield case("multi_label", 16, vectors(8), lambda r, x: bits(r, x, 4),
               [dense(12, keras.layers.LeakyReLU(negative_slope=0.05), "leaky_relu(negative_slope=0.05)",
                      shape=(8,)), dense(4, "sigmoid")], plain,
               ("binary_crossentropy label_smoothing=0.05",
                lambda: losses.BinaryCrossentropy(label_smoothing=0.05)), ["accuracy", "mean_absolute_error"])
    yield case("sample_weight", 17, vectors(8), lambda r, x: labels(r, x, 4),
               [dense(12, "relu", shape=(8,)), dense(4, "softmax")], plain, sparse, ["accuracy"],
               weighted=True)


def trajectory(case):
    rows, size = len(case["x"]), case["batch_size"]
    weight = case.get("sample_weight")

    def run(model):
        logs = []
        first = 0
        for _ in range(STEPS):
            part = slice(first, min(first + size, rows))
            logs.append(model.train_on_batch(
                case["x"][part], case["y"][part],
                sample_weight=None if weight is None else weight[part], return_dict=True))
            first = 0 if part.stop == rows else part.stop
        found = {key: [float(log[key]) for log in logs] for key in ["loss"] + case["metrics"]}
        found["predictions"] = model.predict(case["x"][:PREDICTED_ROWS], verbose=0)
        return found

    initial, found, final = twice(case, run)
    return head(case) | {"steps": STEPS, "initial_weights": initial, "expected": found,
                         "final_weights": final}


# ---- fit: histories --------------------------------------------------------------------------------


def fit_cases():
    def case(name, seed, rows, make_y, layer_list, loss, **more):
        rng = np.random.default_rng(seed)
        x = reals(rng, rows, 8)
        made = dict(name=name, seed=seed, x=x, y=make_y(rng, x), layers=layer_list, loss=loss,
                    optimizer=sgd("learning_rate=0.05", learning_rate=0.05), metrics=["accuracy"],
                    batch_size=32, epochs=5, validation_split=0.2)
        if more.pop("weighted", False):
            made["sample_weight"] = (rng.integers(0, 17, rows) / 8).astype(np.float32)
        return made | more

    softmax = [dense(16, "relu", shape=(8,)), dense(4, "softmax")]
    sparse = ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy)
    categorical = ("categorical_crossentropy", losses.CategoricalCrossentropy)
    binary = ("binary_crossentropy", losses.BinaryCrossentropy)
    # 203 rows: 162.4 stay for training, of which Keras takes 162; the last batch has 2.
    yield case("validation_split", 21, 203, lambda r, x: labels(r, x, 4), softmax, sparse)
    yield case("class_weight", 22, 200, lambda r, x: labels(r, x, 4), softmax, sparse,
               class_weight=[0.5, 2.0, 1.25, 1.0])
    yield case("class_weight_one_hot", 23, 200, lambda r, x: one_hot(r, x, 4), softmax, categorical,
               class_weight=[0.5, 2.0, 1.25, 0.75], validation_split=0.0)
    yield case("sample_weight", 24, 200, lambda r, x: bits(r, x, 1),
               [dense(12, "tanh", shape=(8,)), dense(1, "sigmoid")], binary, weighted=True)


def fit(case):
    weight = case.get("class_weight")

    def run(model):
        history = model.fit(
            case["x"], case["y"], batch_size=case["batch_size"], epochs=case["epochs"], shuffle=False,
            validation_split=case["validation_split"], sample_weight=case.get("sample_weight"),
            class_weight=dict(enumerate(weight)) if weight else None, verbose=0)
        found = {key: [float(v) for v in series] for key, series in history.history.items()}
        found["predictions"] = model.predict(case["x"][:PREDICTED_ROWS], verbose=0)
        return found

    initial, found, final = twice(case, run)
    described = head(case) | {"epochs": case["epochs"], "validation_split": case["validation_split"]}
    if weight:
        described["class_weight"] = np.array(weight)
    return described | {"initial_weights": initial, "expected": found, "final_weights": final}


# ---- single functions ------------------------------------------------------------------------------


def value_and_gradient(function, x, dy):
    """function(x) and the gradient by x of sum(dy * function(x))."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        y, back = jax.vjp(function, keras.ops.convert_to_tensor(x))
        return np.asarray(y), np.asarray(back(keras.ops.convert_to_tensor(dy))[0])
    if backend == "tensorflow":
        import tensorflow as tf

        t = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(t)
            y = function(t)
        return y.numpy(), tape.gradient(y, t, output_gradients=tf.convert_to_tensor(dy)).numpy()
    import torch

    t = torch.tensor(x, requires_grad=True)
    y = function(t)
    y.backward(torch.tensor(dy))
    return y.detach().numpy(), t.grad.numpy()


def activation_cases():
    rng = np.random.default_rng(31)
    magnitudes = [0.0, 1e-30, 1e-6, 0.001, 0.1, 0.3, 0.5, 1.0, 1.7, 2.5, 4.0, 5.5, 8.0, 9.3, 15.0, 20.0, 40.0,
                  80.0, 100.0, 1e4, 1e30]
    table = np.array([[s * m] for m in magnitudes for s in (1, -1)], np.float32)
    wide = np.concatenate([
        rng.normal(size=(6, 7)) * np.array([[0.1], [1], [3], [10], [40], [200]]),
        [[0] * 7, [1e4, 0, -1e4, 5, 9999, 0, 1], [1e30, -1e30, 0, 1, 2, 3, 4], [-1e4] * 7],
    ]).astype(np.float32)

    def relu(**options):
        return lambda z: keras.activations.relu(z, **options)

    def leaky(slope):
        return lambda z: keras.activations.leaky_relu(z, negative_slope=slope)

    for spec, function, z in [
        ("linear", keras.activations.linear, table),
        ("relu", keras.activations.relu, table),
        ("relu negative_slope=0.1", relu(negative_slope=0.1), table),
        ("relu threshold=0.75", relu(threshold=0.75), table),
        ("relu negative_slope=0.25 threshold=1.5", relu(negative_slope=0.25, threshold=1.5), table),
        ("leaky_relu", keras.activations.leaky_relu, table),
        ("leaky_relu negative_slope=0.01", leaky(0.01), table),
        ("leaky_relu negative_slope=0.5", leaky(0.5), table),
        ("leaky_relu negative_slope=0", leaky(0.0), table),
        ("sigmoid", keras.activations.sigmoid, table),
        ("tanh", keras.activations.tanh, table),
        ("softmax", keras.activations.softmax, wide),
    ]:
        dy = (rng.integers(1, 33, z.shape) / 16 * rng.choice([-1, 1], z.shape)).astype(np.float32)
        if "slope" in spec or "leaky" in spec:
            dy[z == 0] = 0  # at the kink Keras's backends don't agree
        y, dz = value_and_gradient(function, z, dy)
        yield {"spec": spec, "rows": z.shape[0], "width": z.shape[1], "z": z, "dy": dy, "y": y, "dz": dz}


def loss_cases():
    """Loss and gradient of each row. y: what the loss is given; z, y: the same with the activation that
    the loss fuses with, which Keras computes from logits."""
    rng = np.random.default_rng(41)
    spread = (rng.normal(size=(6, 4)) * np.array([[0.1], [1], [3], [10], [40], [100]])).astype(np.float32)
    logits = np.concatenate([spread, [[0, 0, 0, 0], [90, -90, 0, 30]]]).astype(np.float32)
    classes = np.array([0, 1, 2, 3, 0, 1, 2, 1], np.int32)
    rows, width = logits.shape
    hot = np.eye(width, dtype=np.float32)[classes]
    soft = rng.dirichlet(np.ones(width), rows).astype(np.float32)
    # Rows that sum to 1 and rows that don't, with probabilities of 0 and 1 for right and wrong classes.
    probabilities = np.array([
        [0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.9, 0.8, 0.7, 0.6], [0.001, 0.01, 0.3, 0.02],
        [1, 0, 0, 0], [1, 0, 0, 0], [0, 0.5, 0.5, 0], [1e-4, 0.9999, 0, 1e-5]], np.float32)
    bits_wanted = np.array([
        [0, 1, 0, 1], [1, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0],
        [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [0.25, 0.75, 0.5, 1]], np.float32)
    weight = (rng.integers(1, 33, rows) / 16).astype(np.float32)
    far = np.array([[0, 0, 0, 0], [1, -1, 1000, 2]], np.float32)

    def found(spec, make, y, target, fused=None):
        loss = make(reduction=None)
        wanted = target.reshape(-1, 1) if target.dtype == np.int32 else target
        value, gradient = value_and_gradient(lambda p: loss(wanted, p), y, weight[: len(y)])
        made = {"spec": spec, "rows": len(y), "width": y.shape[1], "y": y, "weight": weight[: len(y)],
                "target": target, "loss": value, "gradient": gradient}
        made["target_kind"] = "labels" if target.dtype == np.int32 else "values"
        if fused:
            # y is the activation's input; "output" its output
            made["fused"] = True
            made["output"] = keras.ops.convert_to_numpy(fused(y))
        return made

    def options(make, **given):
        return lambda **more: make(**given, **more)

    squared, binary = losses.MeanSquaredError, losses.BinaryCrossentropy
    categorical, sparse = losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy
    softmax, sigmoid = keras.activations.softmax, keras.activations.sigmoid

    yield found("mean_squared_error", squared, logits, soft)
    yield found("mean_squared_error", squared, far, soft[:2])
    yield found("mean_squared_error", squared, logits[:, :1], soft[:, :1])
    for smoothing in (0.0, 0.1, 0.5):
        text = f" label_smoothing={smoothing:g}" if smoothing else ""
        given = {"label_smoothing": smoothing}
        logit = given | {"from_logits": True}
        yield found("binary_crossentropy" + text, options(binary, **given), probabilities, bits_wanted)
        yield found("binary_crossentropy" + text, options(binary, **given), probabilities[:, :1],
                    bits_wanted[:, :1])
        yield found("binary_crossentropy from_logits=true" + text, options(binary, **logit), logits,
                    bits_wanted)
        yield found("binary_crossentropy" + text, options(binary, **logit), logits, bits_wanted, sigmoid)
        for target in (hot, soft):
            yield found("categorical_crossentropy" + text, options(categorical, **given), probabilities,
                        target)
            yield found("categorical_crossentropy from_logits=true" + text, options(categorical, **logit),
                        logits, target)
            yield found("categorical_crossentropy" + text, options(categorical, **logit), logits, target,
                        softmax)
    yield found("sparse_categorical_crossentropy", sparse, probabilities, classes)
    yield found("sparse_categorical_crossentropy from_logits=true", options(sparse, from_logits=True), logits,
                classes)
    yield found("sparse_categorical_crossentropy", options(sparse, from_logits=True), logits, classes,
                softmax)


def initializer_cases():
    """Random numbers can't be Keras's; how it counts the inputs and outputs of a weight can."""
    from keras.src.initializers.random_initializers import compute_fans

    for shape in [(7,), (784, 300), (3, 5), (3, 8, 4), (3, 3, 16, 32), (2, 3, 4, 5, 6)]:
        fan_in, fan_out = compute_fans(shape)
        yield {"shape": list(shape), "fan_in": fan_in, "fan_out": fan_out}


def main():
    assert keras.config.floatx() == "float32"
    keras.utils.set_random_seed(0)
    write("activations.json", list(activation_cases()))
    write("losses.json", list(loss_cases()))
    write("initializers.json", list(initializer_cases()))
    write("fit.json", [fit(case) for case in fit_cases()])
    write("trajectories.json", [trajectory(case) for case in trajectory_cases()])


if __name__ == "__main__":
    main()
