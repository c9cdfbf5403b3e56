"""Makes the golden values of test_golden_plain_layers.c with real Keras 3: layers without weights, of one input or
several. Run by hand, on TensorFlow, whose maximum hands a gradient to the first of equal inputs as libnn does:

    KERAS_BACKEND=tensorflow python tests/golden/make_plain_layers.py

It writes plain_layers.json beside itself: each layer's output, the gradients by its inputs, and how Keras writes
the layer. Beside the values stands what a float32 result may be off: BOUND of the tensor's largest value.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from make_golden import write
from make_layers import L1, L2, bound, made_of, short, text_of

ROWS = 2


def shape_text(shape):
    return text_of(shape + (("",) if len(shape) == 1 else ()))


def merges():
    """Of equal shapes, of one that stretches, and of several that do."""
    gate, grids = [(8,), (1,)], [(3, 1), (4,), (2, 1, 1)]
    for name, make in (("add", layers.Add), ("multiply", layers.Multiply), ("average", layers.Average),
                       ("maximum", layers.Maximum), ("minimum", layers.Minimum)):
        for shapes in ([(5,), (5,), (5,)], gate, [(1,), (6,), (1,)], [(2, 3), (3,)], grids):
            yield name, make, shapes, {}
    for shapes in ([(5,), (5,)], gate, gate[::-1], [(3,), (2, 3)], [(2, 1, 3), (1, 2, 1)]):
        yield "subtract", layers.Subtract, shapes, {}
    for shapes, axis in (([(4,), (3,), (1,)], -1), ([(2, 3), (1, 3), (4, 3)], 1), ([(2, 3), (2, 1)], 2),
                         ([(2, 1, 2), (2, 3, 2)], -2)):
        yield "concatenate", layers.Concatenate, shapes, {"axis": axis}
    for options in ({"axes": 1}, {"axes": -1}, {"axes": 1, "normalize": True}, {"axes": -1, "normalize": True}):
        yield "dot", layers.Dot, [(6,), (6,)], options
    yield "dot", layers.Dot, [(1,), (1,)], {"axes": 1}


def activations():
    for options in ({}, {"max_value": 1.53125}, {"negative_slope": 0.25}, {"threshold": 0.53125},
                    {"max_value": 1.03125, "negative_slope": 0.125, "threshold": 0.28125}):
        yield "relu", layers.ReLU, [(2, 9)], options
    yield "relu", layers.ReLU, [(3,)], {"activity_regularizer": L2}  # on the output, which stays as it is
    for options in ({}, {"negative_slope": 0.0}, {"negative_slope": 0.125}, {"negative_slope": 1.5}):
        yield "leaky_relu", layers.LeakyReLU, [(17,)], options
    for options in ({}, {"alpha": 0.0}, {"alpha": 0.5}, {"alpha": 2.0}):
        yield "elu", layers.ELU, [(17,)], options
    for shape, options in (((5,), {}), ((2, 4), {"axis": -1}), ((2, 4), {"axis": 2}), ((3, 1), {}), ((4,), {"axis": 1})):
        yield "softmax", layers.Softmax, [shape], options
    for shape in ((5,), (2, 3), (2, 1, 2)):
        yield "identity", layers.Identity, [shape], {}
    for shape, options in (((5,), {"axis": -1}), ((4,), {"axis": 1}), ((3, 2), {"axis": 2}),
                           ((3,), {"axis": -1, "activity_regularizer": L1})):
        yield "unit_normalization", layers.UnitNormalization, [shape], options


def run(rng, name, make, shapes, options):
    keras.utils.clear_session()
    layer = make(**made_of(options))
    inputs = [tf.convert_to_tensor(short(rng, ROWS, *shape)) for shape in shapes]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = layer(inputs if len(inputs) > 1 else inputs[0])
        dy = short(rng, *y.shape)
        total = tf.reduce_sum(y * dy)
    gradients = [g.numpy() for g in tape.gradient(total, inputs)]
    written = keras.saving.serialize_keras_object(layer)
    written.pop("build_config", None)
    return {"spec": " ".join([name] + [f"{key}={text_of(value)}" for key, value in options.items()]), "rows": ROWS,
            "inputs": [{"shape": shape_text(shape), "values": x.numpy(), "gradient": g, "bound": bound(g)}
                       for shape, x, g in zip(shapes, inputs, gradients)],
            "shape": shape_text(tuple(y.shape[1:])), "y": y.numpy(), "y_bound": bound(y), "dy": dy,
            "name": layer.name, "config": json.dumps(written, separators=(",", ":"))}


def main():
    assert keras.config.floatx() == "float32" and keras.backend.backend() == "tensorflow"
    rng = np.random.default_rng(74)
    write("plain_layers.json", [run(rng, *case) for table in (merges, activations) for case in table()])


if __name__ == "__main__":
    main()
