"""Makes the golden values of test_golden_activations.c with real Keras 3. Run by hand:

    KERAS_BACKEND=tensorflow python tests/golden/make_activations.py

It writes activations_more.json beside itself: output and gradient of each activation that
activations.json doesn't have, for three or more settings of its options, or else for three ranges of
input. bound_y and bound_dz are 1e-5 of the largest value. Kinks are left out of the inputs.
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
            yield {"spec": spec, "rows": z.shape[0], "width": z.shape[1],
                   "bound_y": BOUND * np.abs(y).max(), "bound_dz": BOUND * np.abs(dz).max(),
                   "z": z, "dy": dy, "y": y, "dz": dz}


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    write("activations_more.json", list(cases()))
