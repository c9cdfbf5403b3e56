"""Makes the golden values of test_golden_initializers.c with real Keras 3. Run by hand:

    KERAS_BACKEND=tensorflow python tests/golden/make_initializers.py

It writes initializers_more.json beside itself. Random numbers can't be the same, so that of a random
initializer it has what can be compared: mean, standard deviation, fourth moment over variance squared,
smallest and largest of what Keras drew for a weight. The bounds are 5 standard errors of the
difference of two such samples; for the ends, which lie close to the limits of a bounded distribution
and are widely spread for a normal one, see end_bound. Of the others it has the values. What has no
option but its seed is drawn for weights of three shapes.
"""

import keras
import numpy as np
from make_golden import write

SHAPE = (300, 500)

RANDOM = [
    ("random_normal", {}),
    ("random_normal", {"stddev": 0.01}),
    ("random_normal", {"mean": -1.0, "stddev": 0.5}),
    ("truncated_normal", {}),
    ("truncated_normal", {"stddev": 0.01}),
    ("truncated_normal", {"mean": 2.0, "stddev": 1.5}),
    ("variance_scaling", {}),
    ("variance_scaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}),
    ("variance_scaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "untruncated_normal"}),
    ("variance_scaling", {"scale": 3.0, "mode": "fan_avg", "distribution": "normal"}),
    ("random_uniform", {}),
    ("random_uniform", {"minval": 0.0, "maxval": 2.0}),
    ("random_uniform", {"minval": -3.0, "maxval": -1.5}),
    ("orthogonal", {}),
    ("orthogonal", {"gain": 2.0}),
    ("orthogonal", {"gain": 0.1}),
]
BY_SHAPE = ["lecun_normal", "lecun_uniform", "he_normal", "he_uniform", "glorot_normal",
            "glorot_uniform"]
SHAPES = [SHAPE, (700, 40), (16, 50, 60)]
EXACT = [
    ("identity", {}, (4, 4)), ("identity", {"gain": 2.5}, (3, 5)), ("identity", {"gain": -0.75}, (5, 2)),
    ("constant", {"value": 0.0}, (2, 3)), ("constant", {"value": 0.25}, (5,)), ("constant", {"value": -3.0}, (2, 2)),
    ("zeros", {}, (3,)), ("zeros", {}, (2, 3)), ("zeros", {}, (2, 3, 2)),
    ("ones", {}, (3,)), ("ones", {}, (2, 3)), ("ones", {}, (2, 3, 2)),
]


def end_bound(kurtosis, stddev):
    """The largest of N normal values is spread by about 0.2 standard deviations, and 5 of that are
    allowed; the ends of the others are within some 1/N of the range."""
    return stddev if kurtosis > 2.7 else 0.003 * stddev


def make(name, options):
    return keras.initializers.get(
        {"class_name": name, "config": options}) if options else keras.initializers.get(name)


def spec(name, options):
    return " ".join([name] + [f"{k}={v}" for k, v in options.items()])


def cases():
    random = [(name, options, SHAPE) for name, options in RANDOM]
    random += [(name, {}, shape) for name in BY_SHAPE for shape in SHAPES]
    for index, (name, options, shape) in enumerate(random):
        w = np.asarray(make(name, {**options, "seed": 100 + index})(shape), np.float64)
        mean, stddev = w.mean(), w.std()
        kurtosis = ((w - mean) ** 4).mean() / stddev**4
        yield {"spec": spec(name, options),
               "shape": list(shape), "mean": mean, "stddev": stddev, "kurtosis": kurtosis,
               "smallest": w.min(), "largest": w.max(),
               "bound_mean": 5 * stddev * np.sqrt(2 / w.size),
               "bound_stddev": 5 * stddev * np.sqrt((kurtosis - 1) / (4 * w.size)) * np.sqrt(2),
               "bound_kurtosis": 5 * np.sqrt(24 / w.size) * np.sqrt(2),
               "bound_ends": end_bound(kurtosis, stddev)}
    for name, options, shape in EXACT:
        yield {"spec": spec(name, options), "shape": list(shape),
               "values": np.asarray(make(name, options)(shape)).ravel()}


if __name__ == "__main__":
    write("initializers_more.json", list(cases()))
