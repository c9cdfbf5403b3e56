"""Makes the golden values of test_golden_regularizers.c with real Keras 3. Run by hand, on TensorFlow:

    KERAS_BACKEND=tensorflow python tests/golden/make_regularizers.py

It writes regularizers.json (penalties and their gradients), constraints.json (what weights become),
penalty_steps.json (training small nets with each, and with frozen layers) and penalty_steps_momentum.json
(those in AGAIN, with momentum) beside itself. What each allows, BOUND or STEPS_BOUND of the largest value,
stands beside the values. Everything is float32, and
make_golden.py's helpers do the work; a case of training is run twice, as there, so that none is chaotic.
"""

import keras
import numpy as np
from keras import constraints, layers, losses, ops, regularizers

import make_golden as golden

BOUND = 1e-5
STEPS_BOUND = 2e-5
STEPS = 20
EPOCHS = 2
AGAIN = ("l1", "l2_of_outputs", "l1_l2", "orthogonal_rows", "orthogonal_columns_of_outputs", "max_norm", "min_max_norm",
         "unit_norm", "non_neg", "all_at_once", "first_frozen", "middle_frozen", "last_frozen")  # with momentum
ROWS, BATCH, INPUTS = 18, 8, 5


def part(maker, name, **options):
    """(libnn's spec for a value, maker of Keras's object)"""
    text = ", ".join(f"{key}={value if isinstance(value, str) else f'{value:g}'}" for key, value in options.items())
    return (f"{name}({text})" if text else name), lambda: maker(**options)


def l1(**options):
    return part(regularizers.L1, "l1", **options)


def l2(**options):
    return part(regularizers.L2, "l2", **options)


def l1_l2(**options):
    return part(regularizers.L1L2, "l1_l2", **options)


def orthogonal(**options):
    return part(regularizers.OrthogonalRegularizer, "orthogonal_regularizer", **options)


def max_norm(**options):
    return part(constraints.MaxNorm, "max_norm", **options)


def min_max_norm(**options):
    return part(constraints.MinMaxNorm, "min_max_norm", **options)


def unit_norm(**options):
    return part(constraints.UnitNorm, "unit_norm", **options)


def non_neg():
    return part(constraints.NonNeg, "non_neg")


def bound(values, share):
    return share * float(np.abs(np.asarray(values)).max())


def short(values):
    return (np.round(np.asarray(values) * 64) / 64).astype(np.float32)


def coarse(values):
    return (np.round(np.asarray(values) * 2) / 4).astype(np.float32)


# ---- values ----------------------------------------------------------------------------------------


def penalty_case(regularizer, x):
    spec, make = regularizer
    function = make()
    penalty, gradient = golden.value_and_gradient(
        lambda v: ops.reshape(function(v), (1,)), x, np.ones(1, np.float32))
    return {"spec": spec, "shape": list(x.shape), "x": x,
            "penalty": penalty, "penalty_bound": bound(penalty, BOUND),
            "gradient": gradient, "gradient_bound": bound(gradient, BOUND)}


def penalty_cases():
    rng = np.random.default_rng(71)
    kernel, wide, tall = (short(rng.normal(size=shape)) for shape in ((5, 4), (3, 19), (17, 2)))
    bias = short(rng.normal(size=7))
    kernel[2, 1] = bias[3] = 0  # |x| has no slope there
    cube = short(rng.normal(size=(2, 3, 4)))
    for regularizer in (l1(), l1(l1=0.5), l1(l1=0), l2(), l2(l2=0.25), l2(l2=3), l1_l2(l1=0.1),
                        l1_l2(l2=0.1), l1_l2(l1=0.03, l2=0.2)):
        for x in (kernel, bias, wide) if regularizer[0] in ("l1", "l2") else (kernel, cube):
            yield penalty_case(regularizer, x)
    for regularizer in (orthogonal(), orthogonal(mode="columns"), orthogonal(factor=0.5),
                        orthogonal(factor=2.0, mode="columns")):
        for x in (kernel, wide, tall, 1e-3 * kernel):
            yield penalty_case(regularizer, x.astype(np.float32))


def projection_case(constraint, w):
    spec, make = constraint
    found = ops.convert_to_numpy(make()(ops.convert_to_tensor(w)))
    return {"spec": spec, "shape": list(w.shape), "w": w, "projected": found, "bound": bound(found, BOUND)}


def projection_cases():
    rng = np.random.default_rng(72)
    kernel, wide = short(rng.normal(size=(5, 4))), short(0.4 * rng.normal(size=(3, 70)))
    bias = short(rng.normal(size=7))
    kernel[:, 2] = 0  # a norm of 0 stays
    cube = short(rng.normal(size=(2, 3, 4)))
    for constraint in (max_norm(), max_norm(max_value=0.7), max_norm(max_value=1.5, axis=1),
                       max_norm(max_value=0.5, axis=-2), min_max_norm(), min_max_norm(min_value=1.5, max_value=2),
                       min_max_norm(min_value=0.5, max_value=0.8, rate=0.3),
                       min_max_norm(min_value=3, max_value=3, rate=0.9, axis=1), unit_norm(), unit_norm(axis=1),
                       unit_norm(axis=-1), non_neg()):
        yield projection_case(constraint, kernel)
    for constraint in (max_norm(max_value=0.5), min_max_norm(max_value=0.6, axis=1), unit_norm(), unit_norm(axis=1)):
        yield projection_case(constraint, wide)
    for constraint in (max_norm(), max_norm(max_value=0.5, axis=-1), min_max_norm(max_value=0.5), unit_norm(), non_neg()):
        yield projection_case(constraint, bias)
    for constraint in (max_norm(max_value=1, axis=1), unit_norm(axis=2), unit_norm(axis=-3), non_neg()):
        yield projection_case(constraint, cube)


# ---- training --------------------------------------------------------------------------------------


def dense(units, activation=None, shape=None, trainable=True, use_bias=True, **parts):
    text = f"dense units={units}" + (f" activation={activation}" if activation else "")
    text += "".join(f" {key}={value[0]}" for key, value in parts.items())
    text += ("" if use_bias else " use_bias=false") + ("" if trainable else " trainable=false")
    return golden.layer(text, lambda: layers.Dense(
        units, activation=activation, trainable=trainable, use_bias=use_bias,
        **{key: value[1]() for key, value in parts.items()}), shape)


def step_cases(optimizer):
    squared = ("mean_squared_error", losses.MeanSquaredError)
    sparse = ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy)
    rng = np.random.default_rng(73)
    x, cubes = (coarse(2 * rng.normal(size=shape)) for shape in ((ROWS, INPUTS), (ROWS, 2, 3)))
    values, labels = coarse(2 * golden.values(rng, x, 3)), golden.labels(rng, x, 3)

    def case(name, layer_list, loss=squared, seed=73, inputs=x, weighted=False):
        made = dict(name=name, seed=seed, x=inputs, y=values if loss is squared else labels, optimizer=optimizer,
                    loss=loss, metrics=[], batch_size=BATCH, layers=layer_list)
        if weighted:
            made["sample_weight"] = (np.random.default_rng(seed).integers(1, 17, ROWS) / 8).astype(np.float32)
        return made

    for name, regularizer in (("l1", l1(l1=0.02)), ("l2", l2(l2=0.05)), ("l1_l2", l1_l2(l1=0.01, l2=0.03)),
                              ("orthogonal_rows", orthogonal(factor=0.2)),
                              ("orthogonal_columns", orthogonal(factor=0.2, mode="columns"))):
        yield case(name, [dense(4, "tanh", (INPUTS,), kernel_regularizer=regularizer), dense(3)])
        if name != "orthogonal_rows":  # for which Keras must know the rows of a batch beforehand
            yield case(name + "_of_outputs",
                       [dense(4, "tanh", (INPUTS,), activity_regularizer=regularizer), dense(3)])
    yield case("each_weight_its_own", [
        dense(4, "relu", (INPUTS,), kernel_regularizer=l2(), bias_regularizer=l1()),
        dense(4, "sigmoid"), dense(3, bias_regularizer=l2(l2=0.1))])
    yield case("before_a_softmax", [
        dense(4, "relu", (INPUTS,), activity_regularizer=l1(l1=0.02)),
        dense(3, "softmax", activity_regularizer=l2(l2=0.3), kernel_regularizer=l2(l2=0.02))], sparse)
    yield case("fused_with_a_penalty", [
        dense(4, "tanh", (INPUTS,), kernel_regularizer=l1_l2(l1=0.01, l2=0.02)), dense(3, "softmax")], sparse,
        weighted=True)
    yield case("outputs_of_two_dimensions", [
        dense(4, "tanh", (2, 3), activity_regularizer=l1_l2(l1=0.02, l2=0.1)), golden.layer("flatten", layers.Flatten),
        dense(3)], inputs=cubes, weighted=True)
    for name, constraint in (("max_norm", max_norm(max_value=0.6)), ("max_norm_axis_1", max_norm(max_value=0.5, axis=1)),
                             ("min_max_norm", min_max_norm(min_value=0.9, max_value=1.1, rate=0.4)),
                             ("unit_norm", unit_norm()), ("non_neg", non_neg())):
        yield case(name, [dense(4, "tanh", (INPUTS,), kernel_constraint=constraint), dense(3)])
    yield case("constraints_of_biases", [
        dense(4, "tanh", (INPUTS,), bias_constraint=max_norm(max_value=0.3)),
        dense(3, bias_constraint=non_neg(), kernel_constraint=unit_norm(axis=1))])
    yield case("all_at_once", [
        dense(4, "sigmoid", (INPUTS,), kernel_regularizer=l2(l2=0.03), bias_regularizer=l2(l2=0.01),
              activity_regularizer=l2(l2=0.02), kernel_constraint=max_norm(max_value=1),
              bias_constraint=max_norm(max_value=0.6)),
        dense(3, "softmax", kernel_regularizer=orthogonal(factor=0.1), kernel_constraint=min_max_norm(max_value=0.8))],
        sparse)
    # of frozen layers no penalty on weights counts, but that on outputs does
    yield case("first_frozen", [
        dense(4, "tanh", (INPUTS,), trainable=False, kernel_regularizer=l2(l2=1), activity_regularizer=l2(l2=0.1),
              kernel_constraint=unit_norm()),
        dense(3, kernel_regularizer=l2(l2=0.02))])
    yield case("middle_frozen", [
        dense(4, "tanh", (INPUTS,)), dense(4, "tanh", trainable=False, activity_regularizer=l1(l1=0.05)), dense(3)])
    yield case("last_frozen", [
        dense(4, "relu", (INPUTS,)), dense(3, "softmax", trainable=False, bias_regularizer=l1(l1=1))], sparse)


def steps(case):
    x, y, weight = case["x"], case["y"], case.get("sample_weight")

    def run(model):
        found = []
        for step in range(STEPS):
            rows = slice(step % 2 * BATCH, step % 2 * BATCH + BATCH)
            found.append(float(model.train_on_batch(
                x[rows], y[rows], sample_weight=None if weight is None else weight[rows], return_dict=True)["loss"]))
        # all at once, as libnn does so few rows: orthogonality of outputs depends on who stands in a batch
        evaluated = model.evaluate(x, y, sample_weight=weight, batch_size=ROWS, verbose=0, return_dict=True)["loss"]
        # batches of 8, 8 and 2 rows
        fitted = model.fit(x, y, sample_weight=weight, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
        return {"loss": found, "evaluated": [float(evaluated)], "epochs": [float(v) for v in fitted.history["loss"]]}

    initial, found, final = golden.twice(case, run)
    trainable = {f"{owner.name}/{w.name}" for owner in golden.build(case).layers for w in owner.trainable_weights}
    for weight_of in final:
        weight_of["trainable"] = "yes" if weight_of["name"] in trainable else "no"
        weight_of["bound"] = bound(weight_of["values"], STEPS_BOUND)
    described = golden.head(case) | {"steps": STEPS, "initial_weights": initial}
    for key, name in (("loss", "loss_by_step"), ("evaluated", "evaluated"), ("epochs", "loss_by_epoch")):
        described |= {name: found[key], name + "_bound": bound(found[key], STEPS_BOUND)}
    return described | {"final_weights": final}


def main():
    assert keras.config.floatx() == "float32"
    keras.utils.set_random_seed(0)
    golden.write("regularizers.json", list(penalty_cases()))
    golden.write("constraints.json", list(projection_cases()))
    plain = golden.sgd("learning_rate=0.05", learning_rate=0.05)
    momentum = golden.sgd("learning_rate=0.02 momentum=0.8", learning_rate=0.02, momentum=0.8)
    golden.write("penalty_steps.json", [steps(case) for case in step_cases(plain)])
    golden.write("penalty_steps_momentum.json", [steps(case) for case in step_cases(momentum) if case["name"] in AGAIN])


if __name__ == "__main__":
    main()
