"""Makes the golden values of test_golden_layers.c with real Keras 3, and pca's with scikit-learn. Run by hand,
on TensorFlow:

    KERAS_BACKEND=tensorflow python tests/golden/make_layers.py

It writes layers.json beside itself: each layer's output when not training and when training, the gradients by
the input and by each weight, the moving statistics after several steps, and what it adds to the loss; then
layer_steps.json and activity_steps.json, where STEPS steps of training lead, of the latter with penalties on outputs; adapted_layers.json, what layers learn from data; layer_configs.json, how Keras writes the layers; and
layer_models.json, how it writes a model of them, with its output. Beside the values stands what a float32
result may be off: BOUND (STEPS_BOUND) of the tensor's largest value.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
import make_golden as golden
from make_golden import write
from sklearn.decomposition import PCA

BOUND = 1e-5
STEPS_BOUND = 2e-5
STEPS = 20
ROWS = 4


def bound(values):
    return BOUND * float(np.abs(np.asarray(values)).max(initial=0))


def short(rng, *shape):
    return (rng.integers(-32, 33, shape) / 16).astype(np.float32)


def text_of(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Part):
        return value.spec
    if isinstance(value, (tuple, list)):
        return "(" + ",".join(map(text_of, value)) + ")"
    return str(value)


class Part:
    """A regularizer or constraint: as libnn's spec, and a maker of Keras's object."""

    def __init__(self, name, maker, **options):
        inner = ", ".join(f"{key}={value}" for key, value in options.items())
        self.spec = f"{name}({inner})" if inner else name
        self.make = lambda: maker(**options)


def made_of(options):
    return {key: value.make() if isinstance(value, Part) else value for key, value in options.items()}


class Case:
    """A layer as libnn's spec and Keras's object."""

    def __init__(self, name, make, shape, tokens=0, offset=0.0, **options):
        self.spec = " ".join([name] + [f"{key}={text_of(value)}" for key, value in options.items()])
        self.make = lambda: make(**made_of(options))
        self.shape, self.tokens, self.offset = shape, tokens, offset

    def input(self, rng):
        if self.tokens:
            return rng.integers(0, self.tokens, (ROWS, *self.shape)).astype(np.float32)
        return short(rng, ROWS, *self.shape) + np.float32(self.offset)


L1, L2 = Part("l1", keras.regularizers.L1, l1=0.125), Part("l2", keras.regularizers.L2, l2=0.25)
POSITIVE = Part("non_neg", keras.constraints.NonNeg)
SMALL = Part("max_norm", keras.constraints.MaxNorm, max_value=0.5)
BETWEEN = Part("min_max_norm", keras.constraints.MinMaxNorm, min_value=0.5, max_value=1.5, rate=0.5)


def table():
    batch, layer, group = layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization
    rms, unit, prelu = layers.RMSNormalization, layers.UnitNormalization, layers.PReLU
    yield Case("batch_normalization", batch, (4,))
    yield Case("batch_normalization", batch, (2, 3), momentum=0.5, epsilon=0.1)
    yield Case("batch_normalization", batch, (3,), offset=100, center=False, momentum=0.0)
    yield Case("batch_normalization", batch, (2, 2, 3), scale=False, momentum=0.9)
    yield Case("batch_normalization", batch, (5,), center=False, scale=False, epsilon=1e-5)
    yield Case("layer_normalization", layer, (6,))
    yield Case("layer_normalization", layer, (37,), epsilon=0.1)
    yield Case("layer_normalization", layer, (2, 2, 3), center=False, offset=100)
    yield Case("layer_normalization", layer, (5,), scale=False)
    yield Case("layer_normalization", layer, (5,), rms_scaling=True)
    yield Case("group_normalization", group, (64,))
    yield Case("group_normalization", group, (3, 6), groups=2, epsilon=0.01)
    yield Case("group_normalization", group, (2, 2, 4), groups=-1, center=False)
    yield Case("group_normalization", group, (4, 3), groups=1, scale=False, offset=10)
    yield Case("rms_normalization", rms, (6,))
    yield Case("rms_normalization", rms, (19,), epsilon=0.1)
    yield Case("rms_normalization", rms, (2, 2, 3), offset=50)
    yield Case("unit_normalization", unit, (6,))
    yield Case("unit_normalization", unit, (19,))
    yield Case("unit_normalization", unit, (2, 2, 1))
    yield Case("normalization", layers.Normalization, (3,), mean=[1.0, -2.0, 0.5], variance=[4.0, 0.25, 0.0])
    yield Case("normalization", layers.Normalization, (2, 3), mean=2.0, variance=9.0)
    yield Case("normalization", layers.Normalization, (2,), mean=[1.0, -2.0], variance=[4.0, 0.25], invert=True)
    yield Case("activity_regularization", layers.ActivityRegularization, (4,), l1=0.1, l2=0.02)
    yield Case("activity_regularization", layers.ActivityRegularization, (2, 9), l1=0.5)
    yield Case("activity_regularization", layers.ActivityRegularization, (3,), l2=0.25)
    yield Case("prelu", prelu, (6,))
    yield Case("prelu", prelu, (2, 3), shared_axes=[1])
    yield Case("prelu", prelu, (2, 3, 2), shared_axes=[1, 3])
    yield Case("prelu", prelu, (2, 3), shared_axes=[1, 2])
    yield Case("reshape", layers.Reshape, (6,), target_shape=(2, 3))
    yield Case("reshape", layers.Reshape, (2, 6), target_shape=(3, -1))
    yield Case("reshape", layers.Reshape, (2, 3), target_shape=(-1,))
    yield Case("permute", layers.Permute, (2, 3), dims=(2, 1))
    yield Case("permute", layers.Permute, (2, 3, 4), dims=(3, 1, 2))
    yield Case("permute", layers.Permute, (2, 3, 4), dims=(1, 3, 2))
    yield Case("repeat_vector", layers.RepeatVector, (3,), n=1)
    yield Case("repeat_vector", layers.RepeatVector, (3,), n=2)
    yield Case("repeat_vector", layers.RepeatVector, (1,), n=5)
    yield Case("embedding", layers.Embedding, (3,), tokens=6, input_dim=6, output_dim=4)
    yield Case("embedding", layers.Embedding, (2, 2), tokens=3, input_dim=3, output_dim=1)
    yield Case("embedding", layers.Embedding, (1,), tokens=9, input_dim=9, output_dim=3)
    for mode in ("multi_hot", "one_hot", "count"):
        yield Case("category_encoding", layers.CategoryEncoding, (4,), tokens=3, num_tokens=3, output_mode=mode)
    yield Case("category_encoding", layers.CategoryEncoding, (1,), tokens=3, num_tokens=3, output_mode="one_hot")
    yield Case("category_encoding", layers.CategoryEncoding, (2,), tokens=2, num_tokens=2, output_mode="multi_hot")


def values_of(case, rng):
    keras.utils.clear_session()
    layer = case.make()
    x = case.input(rng)
    layer.build(x.shape)
    for weight in layer.trainable_variables:
        weight.assign(short(rng, *weight.shape) / 2 + (0.03125 if "prelu" in case.spec else 0))
    for weight in layer.non_trainable_variables:
        weight.assign(np.abs(short(rng, *weight.shape)) + 0.5)
    made = {"spec": case.spec, "shape": text_of(case.shape + (("",) if len(case.shape) == 1 else ())),
            "rows": ROWS, "x": x,
            "weights": [{"name": w.name, "shape": list(w.shape), "values": w.numpy()} for w in layer.weights]}
    before = [w.numpy() for w in layer.weights]
    y = np.asarray(layer(x, training=False) if "batch" in case.spec else layer(x))
    dy = short(rng, *y.shape)
    made |= {"y": y, "y_bound": bound(y), "dy": dy}
    if case.tokens and not layer.trainable_variables:
        return made
    t = tf.convert_to_tensor(x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(t)
        trained = layer(t, training=True) if "batch" in case.spec else layer(t)
        total = tf.reduce_sum(trained * dy) + sum(layer.losses)
    if "batch" in case.spec:
        made |= {"y_training": trained.numpy(), "y_training_bound": bound(trained)}
    if not case.tokens:
        dx = tape.gradient(total, t).numpy()
        made |= {"dx": dx, "dx_bound": bound(dx)}
    made["gradients"] = []
    for weight in layer.trainable_variables:
        gradient = tf.convert_to_tensor(tape.gradient(total, weight.value)).numpy()
        made["gradients"].append({"name": weight.name, "values": gradient, "bound": bound(gradient)})
    if layer.losses:
        made |= {"loss": float(sum(layer.losses)), "loss_bound": bound([float(sum(layer.losses))])}
    if "batch" in case.spec:
        for weight, value in zip(layer.weights, before):
            weight.assign(value)
        made["batches"] = []
        for step in range(4):
            batch = case.input(rng) * np.float32(step + 1)
            layer(batch, training=True)
            made["batches"].append(batch)
        made["moved"] = [{"name": w.name, "values": w.numpy(), "bound": bound(w.numpy())}
                         for w in layer.non_trainable_variables]
    return made


# ---- training ----------------------------------------------------------------------------------------


def step_cases():
    rng = np.random.default_rng(73)
    rows, plain = 32, golden.sgd("learning_rate=0.05", learning_rate=0.05)
    squared = ("mean_squared_error", keras.losses.MeanSquaredError)
    categorical = ("categorical_crossentropy", keras.losses.CategoricalCrossentropy)
    vectors, grids = golden.reals(rng, rows, 6), golden.reals(rng, rows, 2, 3)
    numbers = rng.integers(0, 5, (rows, 3)).astype(np.float32)

    def layer(name, make, shape=None, **options):
        text = " ".join([name] + [f"{key}={text_of(value)}" for key, value in options.items()])
        return golden.layer(text, lambda: make(**made_of(options)), shape)

    def case(name, x, layer_list, optimizer=plain, loss=squared):
        y = golden.one_hot(rng, x, 4) if loss is categorical else golden.values(rng, x, 4)
        return dict(name=name, seed=73, x=x, y=y, layers=layer_list, optimizer=optimizer, loss=loss, metrics=[],
                    batch_size=rows // 2)

    dense, flatten = golden.dense, golden.layer("flatten", layers.Flatten)
    tanh = golden.layer("activation activation=tanh", lambda: layers.Activation("tanh"))
    yield case("batch_normalization_between", vectors, [
        dense(8, shape=(6,)), layer("batch_normalization", layers.BatchNormalization, momentum=0.9), tanh, dense(4)])
    yield case("batch_normalization_first", grids, [
        layer("batch_normalization", layers.BatchNormalization, (2, 3), scale=False), flatten, dense(8, "tanh"),
        layer("batch_normalization", layers.BatchNormalization, momentum=0.5, epsilon=0.01), dense(4, "softmax")],
        golden.sgd("learning_rate=0.02 momentum=0.9", learning_rate=0.02, momentum=0.9), categorical)
    yield case("layer_group_prelu", vectors, [
        dense(8, shape=(6,)), layer("layer_normalization", layers.LayerNormalization),
        layer("prelu", layers.PReLU), layer("group_normalization", layers.GroupNormalization, groups=2), dense(4)])
    yield case("rms_unit", grids, [
        dense(4, shape=(2, 3)), layer("rms_normalization", layers.RMSNormalization), flatten,
        layer("unit_normalization", layers.UnitNormalization), dense(4)])
    yield case("embedding", numbers, [
        layer("embedding", layers.Embedding, (3,), input_dim=5, output_dim=4), flatten, dense(4)])
    yield case("activity_regularization", vectors, [
        dense(8, "tanh", shape=(6,)),
        layer("activity_regularization", layers.ActivityRegularization, l1=0.03125, l2=0.0625),
        dense(4, "softmax")], loss=categorical)
    momentum = golden.sgd("learning_rate=0.02 momentum=0.9", learning_rate=0.02, momentum=0.9)
    yield case("frozen_batch_normalization", vectors, [
        dense(8, shape=(6,)), layer("batch_normalization", layers.BatchNormalization, momentum=0.5, trainable=False),
        tanh, layer("batch_normalization", layers.BatchNormalization, momentum=0.5), dense(4)], momentum)
    yield case("frozen_at_both_ends", grids, [
        layer("batch_normalization", layers.BatchNormalization, (2, 3), trainable=False),
        layer("prelu", layers.PReLU, trainable=False), flatten, dense(8, "tanh"),
        layer("layer_normalization", layers.LayerNormalization, trainable=False), dense(4)])
    yield case("penalties_of_normalization", vectors, [
        dense(8, shape=(6,)),
        layer("batch_normalization", layers.BatchNormalization, momentum=0.5, gamma_regularizer=L2,
              beta_regularizer=L1, gamma_constraint=BETWEEN),
        layer("prelu", layers.PReLU, alpha_regularizer=L1, alpha_constraint=POSITIVE),
        layer("group_normalization", layers.GroupNormalization, groups=2, gamma_regularizer=L1,
              beta_constraint=POSITIVE),
        layer("layer_normalization", layers.LayerNormalization, beta_regularizer=L2, gamma_constraint=SMALL),
        dense(4)], momentum)
    yield case("penalties_of_embedding", numbers, [
        layer("embedding", layers.Embedding, (3,), input_dim=5, output_dim=4, embeddings_regularizer=L2,
              embeddings_constraint=SMALL), flatten, dense(4)])


def activity_cases():
    """Penalties on the outputs of layers of all kinds: with weights, views, and what a loss would do otherwise."""
    rng = np.random.default_rng(75)
    rows, plain = 32, golden.sgd("learning_rate=0.05", learning_rate=0.05)
    vectors, grids = golden.reals(rng, rows, 6), golden.reals(rng, rows, 2, 3)
    numbers = rng.integers(0, 5, (rows, 3)).astype(np.float32)
    squared = ("mean_squared_error", keras.losses.MeanSquaredError)
    categorical = ("categorical_crossentropy", keras.losses.CategoricalCrossentropy)

    def layer(name, make, shape=None, **options):
        text = " ".join([name] + [f"{key}={text_of(value)}" for key, value in options.items()])
        return golden.layer(text, lambda: make(**made_of(options)), shape)

    def case(name, x, layer_list, loss=squared):
        y = golden.one_hot(rng, x, 4) if loss is categorical else golden.values(rng, x, 4)
        return dict(name=name, seed=75, x=x, y=y, layers=layer_list, optimizer=plain, loss=loss, metrics=[],
                    batch_size=rows // 2)

    dense = golden.dense
    yield case("activity_of_normalization_and_prelu", vectors, [
        dense(8, shape=(6,)), layer("batch_normalization", layers.BatchNormalization, activity_regularizer=L2),
        layer("prelu", layers.PReLU, activity_regularizer=L1),
        layer("layer_normalization", layers.LayerNormalization, activity_regularizer=L1), dense(4)])
    yield case("activity_of_views_and_scaled_inputs", grids, [
        layer("rescaling", layers.Rescaling, (2, 3), scale=0.5, activity_regularizer=L2), dense(4, "tanh"),
        layer("reshape", layers.Reshape, target_shape=(4, 2), activity_regularizer=L1),
        layer("flatten", layers.Flatten, activity_regularizer=L2),
        layer("identity", layers.Identity, activity_regularizer=L1), dense(4)])
    yield case("activity_of_embedding_and_softmax", numbers, [
        layer("embedding", layers.Embedding, (3,), input_dim=5, output_dim=4, activity_regularizer=L2),
        layer("flatten", layers.Flatten), dense(6),
        layer("relu", layers.ReLU, negative_slope=0.125, activity_regularizer=L2), dense(4),
        layer("softmax", layers.Softmax, activity_regularizer=L2)], categorical)


def steps(case):
    def run(model):
        found, size = [], case["batch_size"]
        for step in range(STEPS):
            part = slice(step % 2 * size, step % 2 * size + size)
            found.append(float(model.train_on_batch(case["x"][part], case["y"][part], return_dict=True)["loss"]))
        return {"loss": found}

    initial, found, final = golden.twice(case, run)
    for weight in final:
        weight["bound"] = STEPS_BOUND * float(np.abs(weight["values"]).max())
    return golden.head(case) | {
        "steps": STEPS, "initial_weights": initial, "loss_by_step": found["loss"],
        "loss_bound": STEPS_BOUND * max(found["loss"]), "final_weights": final}


def positive_variances(make):
    return lambda rng, model: [np.abs(made) if "variance" in weight.name else made
                               for made, weight in zip(make(rng, model), model.weights)]


# ---- what is learned from data -----------------------------------------------------------------------


def adapted_case(spec, layer_input, data, weights, y):
    return {"spec": spec, "shape": text_of(layer_input + (("",) if len(layer_input) == 1 else ())),
            "rows": len(data), "x": data, "y": y[:ROWS], "y_bound": bound(y),
            "weights": [{"name": name, "values": np.asarray(values, np.float32), "bound": bound(values)}
                        for name, values in weights]}


def adapted_cases():
    rng = np.random.default_rng(71)
    for rows, shape, options, spread in [(300, (3,), {}, [1, 10, 0.1]), (40, (2, 3), {}, [1, 5, 0.5]),
                                         (40, (2,), {"invert": True}, [2, 0.5])]:
        keras.utils.clear_session()
        data = (short(rng, rows, *shape) * np.array(spread) + 7 * np.array(spread)).astype(np.float32)
        layer = layers.Normalization(**options)
        layer.adapt(data)
        spec = " ".join(["normalization"] + [f"{key}={text_of(value)}" for key, value in options.items()])
        weights = [(f"normalization/{w.name}", w.numpy()) for w in layer.weights if w.name != "count"]
        yield adapted_case(spec, shape, data, weights, np.asarray(layer(data)))
    for rows, inputs, components, whiten, offset in [(300, 4, 4, False, 0), (60, 4, 2, True, 3),
                                                     (60, 6, 3, False, 50), (20, 1, 1, True, 1)]:
        scales = 2.0 ** -np.arange(inputs)
        mix = np.linalg.qr(rng.normal(size=(inputs, inputs)))[0]
        data = np.round((rng.normal(size=(rows, inputs)) * scales @ mix + offset) * 64).astype(np.float32) / 64
        pca = PCA(n_components=components, whiten=whiten, svd_solver="full")
        y = pca.fit_transform(data.astype(np.float64))
        weights = [("pca/mean", pca.mean_), ("pca/components", pca.components_.T),
                   ("pca/explained_variance", pca.explained_variance_)]
        yield adapted_case(f"pca n_components={components} whiten={text_of(whiten)}", (inputs,), data, weights, y)


# ---- how Keras writes layers -------------------------------------------------------------------------


def config_cases():
    made = [(case.spec, case) for case in table()]
    made += [(f"{name} rate=0.25 seed=3", Case(name, make, (4,), rate=0.25, seed=3))
             for name, make in (("alpha_dropout", layers.AlphaDropout), ("gaussian_dropout", layers.GaussianDropout))]
    made.append(("gaussian_noise stddev=0.5", Case("gaussian_noise", layers.GaussianNoise, (4,), stddev=0.5)))
    made += [(case.spec, case) for case in (
        Case("activation", layers.Activation, (4,), activation="tanh"), Case("relu", layers.ReLU, (4,)),
        Case("relu", layers.ReLU, (4,), max_value=6, negative_slope=0.5, threshold=1),
        Case("relu", layers.ReLU, (4,), trainable=False), Case("leaky_relu", layers.LeakyReLU, (4,)),
        Case("leaky_relu", layers.LeakyReLU, (4,), negative_slope=0.125), Case("elu", layers.ELU, (4,), alpha=0.5),
        Case("softmax", layers.Softmax, (4,)), Case("softmax", layers.Softmax, (2, 4), axis=2),
        Case("identity", layers.Identity, (4,)))]
    for name, make, shape, options in [
            ("batch_normalization", layers.BatchNormalization, (4,),
             {"trainable": False, "gamma_regularizer": L2, "beta_constraint": POSITIVE}),
            ("layer_normalization", layers.LayerNormalization, (4,),
             {"beta_regularizer": L1, "gamma_regularizer": L2, "beta_constraint": POSITIVE, "gamma_constraint": BETWEEN}),
            ("group_normalization", layers.GroupNormalization, (4,),
             {"groups": 2, "beta_regularizer": L1, "gamma_constraint": SMALL}),
            ("prelu", layers.PReLU, (4,), {"trainable": False, "alpha_regularizer": L2, "alpha_constraint": POSITIVE}),
            ("embedding", layers.Embedding, (4,), {"input_dim": 3, "output_dim": 2, "embeddings_regularizer": L1,
                                                   "embeddings_constraint": SMALL})]:
        case = Case(name, make, shape, **options)
        made.append((case.spec, case))
    seen = set()
    for spec, case in made:
        if spec in seen:
            continue
        seen.add(spec)
        keras.utils.clear_session()
        model = keras.Sequential([keras.Input(case.shape), case.make()])
        written = json.loads(model.to_json())["config"]["layers"][1]
        spec = spec.replace("groups=-1", f"groups={case.shape[-1]}")  # building counts them
        yield {"spec": spec, "name": model.layers[0].name, "config": json.dumps(written, separators=(",", ":"))}


def model_case():
    """A model of them, as Sequential.to_json writes it, with its output."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(72)
    model = keras.Sequential([
        keras.Input((2, 3)), layers.Normalization(mean=1.0, variance=4.0), layers.Permute((2, 1)), layers.Dense(4),
        layers.BatchNormalization(), layers.PReLU(shared_axes=[1]), layers.GaussianNoise(0.1), layers.Reshape((-1,)),
        layers.GroupNormalization(groups=4), layers.ActivityRegularization(l2=0.1), layers.AlphaDropout(0.2),
        layers.Dense(5), layers.BatchNormalization(scale=False), layers.RepeatVector(2),
        layers.RMSNormalization(), layers.UnitNormalization(), layers.LayerNormalization(), layers.GaussianDropout(0.5),
        layers.LeakyReLU(), layers.Dense(3), layers.ReLU(6.0), layers.Softmax(),
    ])
    for weight in model.weights:
        weight.assign(np.abs(short(rng, *weight.shape)) + 0.25)
    x = short(rng, ROWS, 2, 3)
    y = model.predict(x, verbose=0)
    return {"config": model.to_json(), "rows": ROWS, "x": x, "y": y, "y_bound": bound(y),
            "weights": [{"name": f"{layer.name}/{w.name}", "values": w.numpy()}
                        for layer in model.layers for w in layer.weights]}


def main():
    assert keras.config.floatx() == "float32" and keras.backend.backend() == "tensorflow"
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(70)
    write("layers.json", [values_of(case, rng) for case in table()])
    golden.weights_like = positive_variances(golden.weights_like)
    write("layer_steps.json", [steps(case) for case in step_cases()])
    write("activity_steps.json", [steps(case) for case in activity_cases()])
    write("adapted_layers.json", list(adapted_cases()))
    write("layer_configs.json", list(config_cases()))
    write("layer_models.json", [model_case()])


if __name__ == "__main__":
    main()
