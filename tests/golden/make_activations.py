"""Makes the golden values of test_golden_activations.c with real Keras 3. Run by hand:

    KERAS_BACKEND=tensorflow python tests/golden/make_activations.py

It writes activations_more.json beside itself: output and gradient of each activation that
activations.json doesn't have, for three or more settings of its options, or else for three ranges of
input. bound_y and bound_dz are 1e-5 of the largest value. Kinks are left out of the inputs. sparsemax
is the one that isn't taken from Keras: see there.
"""

import keras
import numpy as np
from make_golden import value_and_gradient, write

SMALL = [0.001, 0.02, 0.1, 0.3, 0.45, 0.7, 0.9]
MIDDLE = [0.2, 1.1, 1.7, 2.2, 2.9, 3.3, 4.5, 5.5, 6.5, 8.0]
LARGE = [9.3, 15.0, 20.0, 40.0, 80.0, 100.0, 200.0, 1000.0]
BOUND = 1e-5


def both_signs(values):
    return np.array([[s * v] for v in values for s in (1, -1)], np.float32)


def cases():
    rng = np.random.default_rng(51)
    plain = [both_signs(values) for values in (SMALL, MIDDLE, LARGE)]
    activations = keras.activations
    table = [
        ("elu", activations.elu, {}),
        ("elu", activations.elu, {"alpha": 0.5}),
        ("elu", activations.elu, {"alpha": 2.0}),
        ("exponential", activations.exponential, {}),
        ("gelu", activations.gelu, {}),
        ("gelu", activations.gelu, {"approximate": False}),
        ("gelu", activations.gelu, {"approximate": True}),
        ("log_sigmoid", activations.log_sigmoid, {}),
        ("mish", activations.mish, {}),
        ("relu6", activations.relu6, {}),
        ("selu", activations.selu, {}),
        ("silu", activations.silu, {}),
        ("swish", activations.swish, {}),
        ("softplus", activations.softplus, {}),
    ]
    for name, function, options in table:
        spec = " ".join([name] + [f"{key}={str(value).lower()}" for key, value in options.items()])
        for z in plain:
            if name == "exponential":
                z = z[z[:, 0] < 85]  # what is finite
            dy = (rng.integers(1, 33, z.shape) / 16 * rng.choice([-1, 1], z.shape)).astype(np.float32)
            y, dz = value_and_gradient(lambda x: function(x, **options), z, dy)
            yield case(spec, z, dy, y, dz)


def case(spec, z, dy, y, dz):
    return {"spec": spec, "rows": z.shape[0], "width": z.shape[1],
            "bound_y": BOUND * np.abs(y).max(), "bound_dz": BOUND * np.abs(dz).max(),
            "z": z, "dy": dy, "y": y, "dz": dz}


def heaviside(x, x2=0.0):
    return keras.ops.heaviside(x, x2) + 0 * x  # TensorFlow has no derivative of it: 0


def sparsemax(x):
    """Martins, Astudillo 2016, algorithm 1, as Keras documents it. What Keras 3.15 computes is something
    else as soon as two values of a row are positive (it adds all their cumulative sums, and the row
    doesn't sum to 1), which later versions mend."""
    ordered = keras.ops.flip(keras.ops.sort(x, axis=-1), axis=-1)
    sums = keras.ops.cumsum(ordered, axis=-1)
    place = keras.ops.arange(1, x.shape[-1] + 1, dtype="float32")
    inside = keras.ops.cast(1 + place * ordered > sums, "float32")
    t = (keras.ops.sum(ordered * inside, -1, keepdims=True) - 1) / keras.ops.sum(
        inside, -1, keepdims=True)
    return keras.ops.maximum(x - t, 0)


def further_cases():
    rng = np.random.default_rng(52)
    small, middle, large = (both_signs(values) for values in (SMALL, MIDDLE, LARGE))
    zeros = np.zeros((2, 1), np.float32)
    rows = [(rng.normal(0, scale, (4, 6))).round(3).astype(np.float32) for scale in (0.4, 2, 20)]
    everywhere = [small, middle, large]
    near = [small, middle]
    activations = keras.activations
    table = [
        ("celu", activations.celu, {}, everywhere),
        ("celu", activations.celu, {"alpha": 0.3}, near),
        ("celu", activations.celu, {"alpha": 2.0}, near),
        ("glu", activations.glu, {}, rows),
        ("hard_sigmoid", activations.hard_sigmoid, {}, everywhere),
        ("hard_silu", activations.hard_silu, {}, everywhere),
        ("hard_swish", activations.hard_swish, {}, [middle]),
        ("hard_tanh", activations.hard_tanh, {}, everywhere),
        ("hard_shrink", activations.hard_shrink, {}, everywhere),
        ("hard_shrink", activations.hard_shrink, {"threshold": 0.25}, near),
        ("hard_shrink", activations.hard_shrink, {"threshold": 3.0}, near),
        ("soft_shrink", activations.soft_shrink, {}, everywhere),
        ("soft_shrink", activations.soft_shrink, {"threshold": 0.25}, near),
        ("soft_shrink", activations.soft_shrink, {"threshold": 3.0}, near),
        ("tanh_shrink", activations.tanh_shrink, {}, everywhere),
        ("threshold", activations.threshold, {"threshold": 0.25, "default_value": -1.0}, near),
        ("threshold", activations.threshold, {"threshold": -0.5, "default_value": 4.0}, near),
        ("threshold", activations.threshold, {"threshold": 1.0, "default_value": 0.0}, near),
        ("softsign", activations.softsign, {}, everywhere),
        ("squareplus", activations.squareplus, {}, everywhere),
        ("squareplus", activations.squareplus, {"b": 0.5}, near),
        ("squareplus", activations.squareplus, {"b": 20}, near),
        ("sparse_plus", activations.sparse_plus, {}, everywhere),
        ("sparse_sigmoid", activations.sparse_sigmoid, {}, everywhere),
        ("log_softmax", activations.log_softmax, {}, rows),
        ("sparsemax", sparsemax, {}, rows),
        ("heaviside", heaviside, {"x2": 0.5}, [small, zeros]),
        ("heaviside", heaviside, {}, [small, zeros]),
        ("heaviside", heaviside, {"x2": 1.0}, [zeros]),
        ("sign", keras.ops.sign, {}, [small, large, zeros]),
    ]
    for name, function, options, inputs in table:
        spec = " ".join([name] + [f"{key}={value}" for key, value in options.items()])
        for z in inputs:
            shape = (z.shape[0], z.shape[1] // 2) if name == "glu" else z.shape
            dy = (rng.integers(1, 33, shape) / 16 * rng.choice([-1, 1], shape)).astype(np.float32)
            yield case(spec, z, dy, *value_and_gradient(lambda x: function(x, **options), z, dy))


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    write("activations_more.json", list(cases()) + list(further_cases()))
