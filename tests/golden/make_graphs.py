"""Makes the golden values of test_golden_graphs.c with real Keras 3, on JAX. Run by hand:

    KERAS_BACKEND=jax python tests/golden/make_graphs.py

It writes graphs.json beside itself: functional models with their outputs, the gradients of their loss, STEPS
steps of training, and of some the config.json that Keras saves. What each may be off, BOUND or STEPS_BOUND of the
largest value, stands beside the values. Everything is float32, and make_golden.py's helpers do the work; the
training is run twice, as there, so that none is chaotic.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from keras import layers

import make_golden as golden

BOUND = 1e-5
STEPS_BOUND = 2e-5
STEPS = 20
ROWS, BATCH = 24, 12
SAVED = ("residual", "wide and deep", "two inputs", "two outputs")  # their config.json; it is long


class Case:
    """A model twice, as libnn's specs and as Keras makes it, with data for its inputs and outputs."""

    def __init__(self, name, seed, specs, make, inputs, targets, loss, outputs=None, loss_weights=None,
                 metrics=None, text_metrics=""):
        self.name, self.seed, self.specs, self.make = name, seed, specs, make
        self.inputs, self.targets, self.loss = inputs, targets, loss
        self.outputs, self.loss_weights = outputs, loss_weights
        self.metrics, self.text_metrics = metrics, text_metrics

    def build(self):
        keras.utils.clear_session()
        model = self.make()
        several = isinstance(self.loss, list)
        model.compile(optimizer=keras.optimizers.SGD(0.05), loss=self.loss, metrics=self.metrics,
                      loss_weights=self.loss_weights if several else None)
        return model

    def batch(self, first):
        part = slice(first, first + BATCH)
        x, y = [a[part] for a in self.inputs.values()], [a[part] for a in self.targets.values()]
        return (x if len(x) > 1 else x[0]), (y if len(y) > 1 else y[0])


def bounded(values, share):
    values = np.asarray(values)
    return {"values": values, "bound": share * float(np.abs(values).max())}


def side_by_side(y):
    parts = y if isinstance(y, (list, tuple)) else [y]
    return np.concatenate([np.asarray(p).reshape(len(p), -1) for p in parts], axis=1)


def gradients(case, model):
    """Of the weighted sum of the mean losses over the first batch, by every weight."""
    x, y = case.batch(0)
    several = isinstance(case.loss, list)
    functions = [keras.losses.get(name) for name in (case.loss if several else [case.loss])]
    weights = case.loss_weights or [1.0] * len(functions)
    state = [v.value for v in model.non_trainable_variables]

    def total(variables):
        found, _ = model.stateless_call(variables, state, x, training=True)
        pairs = zip(functions, weights, y if several else [y], found if several else [found])
        return sum(w * keras.ops.mean(f(t, p)) for f, w, t, p in pairs)

    found = jax.grad(total)([v.value for v in model.trainable_variables])
    return [{"name": weight["name"]} | bounded(g, BOUND)
            for weight, g in zip(golden.named_weights(model), found)]


def train(case, model):
    logs = []
    for step in range(STEPS):
        x, y = case.batch(step % (ROWS // BATCH) * BATCH)
        logs.append(model.train_on_batch(x, y, return_dict=True))
    return {key: [float(log[key]) for log in logs] for key in logs[0]}


def run(case):
    rng = np.random.default_rng(case.seed + 1000)
    model = case.build()
    start = golden.weights_like(rng, model)
    nearby = [(w * (1 + 1e-7 * rng.choice([-1, 1], w.shape))).astype(np.float32) for w in start]
    model.set_weights(start)
    initial = golden.named_weights(model)
    x, _ = case.batch(0)
    forward, back = side_by_side(model.predict(x, verbose=0)), gradients(case, model)
    first = train(case, model)
    final = golden.named_weights(model)
    model = case.build()
    model.set_weights(nearby)
    second = train(case, model)
    worst = max(golden.compared(f"{case.name} {key}", first[key], second[key]) for key in first)
    for a, b in zip(final, golden.named_weights(model)):
        worst = max(worst, golden.compared(f"{case.name} {a['name']}", a["values"], b["values"]))
    print(f"  {case.name}: sensitivity {worst:.1e}, loss {first['loss'][0]:.4f} -> {first['loss'][-1]:.4f}")
    several = isinstance(case.loss, list)
    return {
        "name": case.name, "layers": case.specs, "outputs": case.outputs,
        "loss": "; ".join(case.loss) if several else case.loss, "loss_weights": case.loss_weights,
        "metrics": case.text_metrics, "rows": ROWS, "batch_size": BATCH, "steps": STEPS,
        "inputs": [{"name": n} | golden.column(a) for n, a in case.inputs.items()],
        "targets": [{"name": n} | golden.column(a) for n, a in case.targets.items()],
        "initial_weights": [{"name": w["name"], "values": w["values"]} for w in initial],
        "forward": bounded(forward, BOUND), "gradients": back,
        "by_step": [{"name": key} | bounded(first[key], STEPS_BOUND) for key in first],
        "final_weights": [{"name": w["name"]} | bounded(w["values"], STEPS_BOUND) for w in final],
        "config": model.to_json() if case.name in SAVED else None,
    }


# ---- the cases ---------------------------------------------------------------------------------------


def dense(units, activation, name):
    return layers.Dense(units, activation=activation, name=name)


def residual():
    x = keras.Input((5,), name="x")
    h = dense(6, "relu", "h")(x)
    r = dense(6, None, "b")(dense(6, "relu", "a")(h))
    z = layers.Activation("relu", name="z")(h + r)  # an operation, which is saved as a layer add
    return keras.Model(x, dense(3, "softmax", "out")(z))


def wide_and_deep():
    x = keras.Input((6,), name="x")
    deep = dense(4, "tanh", "d2")(dense(8, "relu", "d1")(x))
    return keras.Model(x, dense(1, "sigmoid", "out")(layers.Concatenate(name="both")([x, deep])))


def two_inputs():
    image, more = keras.Input((4, 3), name="image"), keras.Input((3,), name="more")
    h = dense(4, "tanh", "h")(layers.Flatten(name="flat")(layers.Rescaling(1 / 255, name="scaled")(image)))
    m = dense(4, "tanh", "m")(more)
    a = layers.Average(name="average")([layers.Multiply(name="product")([h, m]), h, m])
    b = layers.Maximum(name="most")([h, layers.Minimum(name="least")([m, a])])
    return keras.Model([image, more], dense(2, None, "out")(layers.Subtract(name="minus")([b, a])))


def towers():
    u, v = keras.Input((4,), name="u"), keras.Input((3,), name="v")
    a, b = dense(5, "tanh", "a")(u), dense(5, "tanh", "b")(v)
    cosine = layers.Dot(axes=1, normalize=True, name="cosine")([a, b])
    inner = layers.Dot(axes=-1, name="inner")([a, b])
    return keras.Model([u, v], dense(1, "sigmoid", "out")(layers.Concatenate(name="both")([cosine, inner])))


def read_three_times():
    x = keras.Input((2, 3), name="x")
    h = dense(3, "tanh", "h")(x)
    rows = layers.Concatenate(axis=1, name="rows")([h, x, h])
    flat = layers.Flatten(name="flat")(rows)
    g = dense(9, "relu", "g")(layers.Flatten(name="other")(layers.Concatenate(axis=-2, name="two")([x, h])))
    return keras.Model(x, dense(2, None, "out")(layers.Concatenate(name="both")([flat, g, layers.Flatten(name="third")(h)])))


def two_outputs():
    x = keras.Input((5,), name="x")
    h = dense(6, "tanh", "h")(x)
    kind = dense(3, "softmax", "kind")(h)
    size = dense(2, None, "size")(layers.Concatenate(name="both")([h, dense(4, "relu", "t")(h)]))
    return keras.Model(x, [size, kind])


def inner_output():
    x, z = keras.Input((4,), name="x"), keras.Input((2,), name="z")
    h = dense(3, "softmax", "h")(layers.Concatenate(name="both")([z, x]))
    return keras.Model([z, x], [h, dense(2, "sigmoid", "out")(layers.Add(name="sum")([h, dense(3, "tanh", "a")(h)]))])


def cases():
    rng = np.random.default_rng(71)
    x4, x5, x6 = golden.reals(rng, ROWS, 4), golden.reals(rng, ROWS, 5), golden.reals(rng, ROWS, 6)
    x2, x3, rank2 = golden.reals(rng, ROWS, 2), golden.reals(rng, ROWS, 3), golden.reals(rng, ROWS, 2, 3)
    image = golden.pixels(rng, ROWS, 4, 3)
    sparse, binary = "sparse_categorical_crossentropy", "binary_crossentropy"
    yield Case("residual", 1, [
        "dense units=6 activation=relu name=h input_shape=(5)", "dense units=6 activation=relu name=a",
        "dense units=6 name=b", "add inputs=(h,b)", "activation activation=relu name=z",
        "dense units=3 activation=softmax name=out"], residual,
        {"x": x5}, {"out": golden.labels(rng, x5, 3)}, sparse, metrics=["accuracy"], text_metrics="accuracy")
    yield Case("wide and deep", 2, [
        "input shape=(6) name=x", "dense units=8 activation=relu name=d1", "dense units=4 activation=tanh name=d2",
        "concatenate name=both inputs=(x,d2)", "dense units=1 activation=sigmoid name=out"], wide_and_deep,
        {"x": x6}, {"out": golden.bits(rng, x6, 1, np.float32)}, binary)
    yield Case("two inputs", 3, [
        "input shape=(4,3) name=image", "input shape=(3) name=more", "dense units=4 activation=tanh name=m",
        f"rescaling scale={1 / 255!r} name=scaled inputs=image", "flatten name=flat",
        "dense units=4 activation=tanh name=h", "multiply name=product inputs=(h,m)",
        "average name=average inputs=(product,h,m)", "minimum name=least inputs=(m,average)",
        "maximum name=most inputs=(h,least)", "subtract name=minus inputs=(most,average)",
        "dense units=2 name=out"], two_inputs,
        {"image": image, "more": x3}, {"out": golden.values(rng, x3, 2)}, "mean_squared_error")
    yield Case("towers", 4, [
        "input shape=4 name=u", "input shape=3 name=v", "dense units=5 activation=tanh name=a inputs=u",
        "dense units=5 activation=tanh name=b inputs=v", "dot axes=1 normalize=true name=cosine inputs=(a,b)",
        "dot axes=-1 name=inner inputs=(a,b)", "concatenate name=both inputs=(cosine,inner)",
        "dense units=1 activation=sigmoid name=out"], towers,
        {"u": x4, "v": x3}, {"out": golden.bits(rng, x4, 1, np.float32)}, binary)
    yield Case("read three times", 5, [
        "input shape=(2,3) name=x", "dense units=3 activation=tanh name=h",
        "concatenate axis=1 name=rows inputs=(h,x,h)", "flatten name=flat",
        "concatenate axis=-2 name=two inputs=(x,h)", "flatten name=other", "dense units=9 activation=relu name=g",
        "flatten name=third inputs=h", "concatenate name=both inputs=(flat,g,third)", "dense units=2 name=out"],
        read_three_times, {"x": rank2}, {"out": golden.values(rng, rank2, 2)}, "mean_squared_error")
    yield Case("two outputs", 6, [
        "input shape=5 name=x", "dense units=6 activation=tanh name=h",
        "dense units=3 activation=softmax name=kind", "dense units=4 activation=relu name=t inputs=h",
        "concatenate name=both inputs=(h,t)", "dense units=2 name=size"], two_outputs,
        {"x": x5}, {"size": golden.values(rng, x5, 2), "kind": golden.labels(rng, x5, 3)},
        ["mean_squared_error", sparse], outputs="size, kind", loss_weights=[0.3, 2.0],
        metrics=[["mean_absolute_error"], ["accuracy"]],
        text_metrics="kind/accuracy; size/mean_absolute_error")
    yield Case("inner output", 7, [
        "input shape=2 name=z", "input shape=4 name=x", "concatenate name=both inputs=(z,x)",
        "dense units=3 activation=softmax name=h", "dense units=3 activation=tanh name=a",
        "add name=sum inputs=(h,a)", "dense units=2 activation=sigmoid name=out"], inner_output,
        {"z": x2, "x": x4}, {"h": golden.one_hot(rng, x4, 3), "out": golden.bits(rng, x4, 2, np.float32)},
        ["categorical_crossentropy", binary], outputs="h, out", loss_weights=[1.0, 0.5])


def main():
    assert keras.config.floatx() == "float32"
    keras.utils.set_random_seed(0)
    golden.write("graphs.json", [run(case) for case in cases()])


if __name__ == "__main__":
    main()
