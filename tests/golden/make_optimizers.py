"""Makes the golden values of test_golden_optimizers.c with real Keras 3. Run by hand:

    KERAS_BACKEND=tensorflow python tests/golden/make_optimizers.py

It writes, beside itself,
    optimizers.json   the weights of four tensors after some of 20 steps along given gradients, and their
                      moving average where there is one, for settings of every optimizer; bound is 2e-5
                      of the largest weight
    schedules.json    learning rates after many numbers of steps, for settings of every schedule; bound is
                      1e-5 of the largest rate
Weights and gradients come from formulas that are exact in a float (start_value and gradient_value), which
the test has, too.
"""

import keras
import numpy as np
from make_golden import write

SHAPES = [(3, 4), (4,), (4, 2), (2,)]
NAMES = ["dense_kernel", "dense_bias", "dense_1_kernel", "dense_1_bias"]
STEPS = 20
KEPT = (1, 5, 20)


def start_value(i):
    return ((7919 * i + 13) % 2048 - 1024) / 1024


def gradient_value(t, i):
    """Of value i, counted over all tensors, at step t = 0, 1, ..."""
    spread = ((7919 * (t + 1) * (i + 3) + 10007 * i) % 2048 - 1024) / 1024
    return (spread + 0.25 * (i % 3 - 1)) / 2 ** (i % 4)


def tensors(value):
    flat = np.array([value(i) for i in range(sum(int(np.prod(s)) for s in SHAPES))], np.float32)
    ends = np.cumsum([int(np.prod(s)) for s in SHAPES])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), SHAPES)]


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays])


def words(options):
    return [f"{key}={text(value)}" for key, value in options.items()]


def text(value):
    if isinstance(value, tuple) and isinstance(value[0], str):
        return f"{value[0]}({', '.join(words(value[1]))})"
    if isinstance(value, (list, tuple)):
        return f"({','.join(str(v) for v in value)})"
    return str(value).lower()


def make_schedule(name, options):
    class_name = "".join(word.capitalize() for word in name.split("_"))
    return getattr(keras.optimizers.schedules, class_name)(**options)


CLASSES = {"sgd": "SGD", "rmsprop": "RMSprop", "adamw": "AdamW"}


def make_optimizer(name, options):
    made = {key: make_schedule(*value) if isinstance(value, tuple) else value
            for key, value in options.items()}
    return getattr(keras.optimizers, CLASSES.get(name, name.capitalize()))(**made)


COSINE = ("cosine_decay", {"initial_learning_rate": 0.01, "decay_steps": 15, "alpha": 0.1,
                           "warmup_target": 0.1, "warmup_steps": 4})
STAIRS = ("piecewise_constant_decay", {"boundaries": [4, 11], "values": [0.1, 0.03, 0.01]})

OPTIMIZERS = [
    ("sgd", {}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("sgd", {"learning_rate": 0.1, "weight_decay": 0.05}),
    ("sgd", {"learning_rate": 0.1, "clipnorm": 0.7}),
    ("sgd", {"learning_rate": 0.1, "clipvalue": 0.3}),
    ("sgd", {"learning_rate": 0.1, "global_clipnorm": 0.9}),
    ("sgd", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9}),
    ("sgd", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8,
             "ema_overwrite_frequency": 3}),
    ("sgd", {"learning_rate": 0.1, "gradient_accumulation_steps": 3}),
    ("sgd", {"learning_rate": COSINE}),
    ("sgd", {"learning_rate": STAIRS, "momentum": 0.5, "gradient_accumulation_steps": 2}),
    ("rmsprop", {}),
    ("rmsprop", {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5}),
    ("rmsprop", {"learning_rate": 0.01, "centered": True}),
    ("rmsprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.9, "epsilon": 0.001,
                 "clipnorm": 0.5}),
    ("adagrad", {}),
    ("adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5}),
    ("adagrad", {"learning_rate": 0.1, "epsilon": 0.01, "global_clipnorm": 0.5}),
    ("adadelta", {}),
    ("adadelta", {"learning_rate": 1.0, "rho": 0.9}),
    ("adadelta", {"learning_rate": 1.0, "epsilon": 0.001, "clipvalue": 0.2}),
    ("adam", {}),
    ("adam", {"learning_rate": 0.01, "amsgrad": True, "beta_2": 0.9}),
    ("adam", {"learning_rate": 0.01, "beta_1": 0.5, "epsilon": 0.01, "weight_decay": 0.2}),
    ("adam", {"learning_rate": COSINE, "global_clipnorm": 0.8, "use_ema": True}),
    ("adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 4, "use_ema": True,
              "ema_momentum": 0.5, "ema_overwrite_frequency": 2, "clipnorm": 0.4}),
    ("adamw", {}),
    ("adamw", {"learning_rate": 0.01, "weight_decay": 0.3}),
    ("adamw", {"learning_rate": 0.01, "amsgrad": True, "beta_1": 0.8}),
    ("adamax", {}),
    ("adamax", {"learning_rate": 0.01, "beta_2": 0.9}),
    ("adamax", {"learning_rate": 0.01, "beta_1": 0.5, "epsilon": 0.01, "weight_decay": 0.1}),
    ("nadam", {}),
    ("nadam", {"learning_rate": 0.01, "beta_1": 0.7}),
    ("nadam", {"learning_rate": 0.01, "beta_2": 0.9, "epsilon": 0.01,
               "gradient_accumulation_steps": 2}),
    ("lion", {}),
    ("lion", {"learning_rate": 0.01, "beta_1": 0.6, "beta_2": 0.9}),
    ("lion", {"learning_rate": 0.01, "weight_decay": 0.5, "clipvalue": 0.25}),
    ("lamb", {}),
    ("lamb", {"learning_rate": 0.01, "beta_1": 0.7, "beta_2": 0.9}),
    ("lamb", {"learning_rate": 0.01, "epsilon": 0.01, "weight_decay": 0.1, "clipvalue": 0.3,
              "use_ema": True, "ema_momentum": 0.7}),
    ("ftrl", {}),
    ("ftrl", {"learning_rate": 0.1, "learning_rate_power": -0.7, "initial_accumulator_value": 0.3}),
    ("ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.05,
              "l2_regularization_strength": 0.1}),
    ("ftrl", {"learning_rate": 0.1, "l2_shrinkage_regularization_strength": 0.05, "beta": 0.2}),
    ("muon", {}),
    ("muon", {"learning_rate": 0.01, "nesterov": False, "momentum": 0.8, "rms_rate": None}),
    ("muon", {"learning_rate": 0.01, "ns_steps": 3, "adam_lr_ratio": 0.5, "weight_decay": 0.1,
              "adam_weight_decay": None, "adam_beta_1": 0.8, "adam_beta_2": 0.95}),
    ("muon", {"learning_rate": COSINE, "weight_decay": None, "muon_a": 1.875, "muon_b": -1.25,
              "muon_c": 0.375, "epsilon": 0.001, "global_clipnorm": 1.0}),
    ("muon", {"learning_rate": 0.01, "exclude_layers": ["dense_1", "nothing"]}),
    ("adafactor", {}),
    ("adafactor", {"learning_rate": 0.05, "beta_2_decay": -0.6, "clip_threshold": 0.5}),
    ("adafactor", {"learning_rate": 0.5, "epsilon_1": 0.001, "epsilon_2": 0.1,
                   "relative_step": False, "weight_decay": 0.01}),
]

SCHEDULES = [
    ("exponential_decay", {"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.9}),
    ("exponential_decay", {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.5,
                           "staircase": True}),
    ("exponential_decay", {"initial_learning_rate": 2.0, "decay_steps": 1000, "decay_rate": 1.5}),
    ("inverse_time_decay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("inverse_time_decay", {"initial_learning_rate": 0.1, "decay_steps": 64, "decay_rate": 2.0,
                            "staircase": True}),
    ("inverse_time_decay", {"initial_learning_rate": 1.0, "decay_steps": 1, "decay_rate": 0.01}),
    ("polynomial_decay", {"initial_learning_rate": 0.1, "decay_steps": 200}),
    ("polynomial_decay", {"initial_learning_rate": 0.1, "decay_steps": 100,
                          "end_learning_rate": 0.01, "power": 2.0}),
    ("polynomial_decay", {"initial_learning_rate": 0.1, "decay_steps": 30, "power": 0.5,
                          "cycle": True}),
    ("piecewise_constant_decay", {"boundaries": [10, 63, 100], "values": [1.0, 0.5, 0.25, 0.1]}),
    ("piecewise_constant_decay", {"boundaries": [1], "values": [0.01, 0.1]}),
    ("piecewise_constant_decay", {"boundaries": [0, 999], "values": [0.3, 0.2, 0.1]}),
    ("cosine_decay", {"initial_learning_rate": 0.1, "decay_steps": 1000}),
    ("cosine_decay", {"initial_learning_rate": 0.1, "decay_steps": 100, "alpha": 0.2}),
    ("cosine_decay", {"initial_learning_rate": 0.001, "decay_steps": 200, "alpha": 0.05,
                      "warmup_target": 0.1, "warmup_steps": 63}),
    ("cosine_decay_restarts", {"initial_learning_rate": 0.1, "first_decay_steps": 30}),
    ("cosine_decay_restarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10,
                               "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1}),
    ("cosine_decay_restarts", {"initial_learning_rate": 0.1, "first_decay_steps": 64,
                               "t_mul": 1.0, "m_mul": 0.5}),
]

# None is where a restart of the geometric ones begins: there Keras's logarithm in
# single precision may end on either side.
AFTER = [0, 1, 2, 3, 5, 9, 11, 17, 31, 59, 60, 62, 63, 64, 65, 77, 99, 100, 101, 128, 150, 199,
         200, 201, 333, 500, 777, 998, 999, 1000, 1001, 2500, 12345]


def trajectory(name, options):
    optimizer = make_optimizer(name, options)
    variables = [keras.Variable(value, name=name) for name, value in
                 zip(NAMES, tensors(start_value))]
    optimizer.build(variables)
    case = {"spec": " ".join([name] + words(options))}
    largest = 0
    for t in range(STEPS):
        optimizer.apply(tensors(lambda i: gradient_value(t, i)), variables)
        if t + 1 in KEPT:
            weights = flat([v.numpy() for v in variables])
            largest = max(largest, np.abs(weights).max())
            case[f"after_{t + 1}"] = weights
    if options.get("use_ema"):
        case["average"] = flat([v.numpy() for v in optimizer._model_variables_moving_average])
    case["bound"] = 2e-5 * largest
    return case


def rates(name, options):
    schedule = make_schedule(name, options)
    values = np.array([float(schedule(step)) for step in AFTER])
    return {"spec": " ".join([name] + words(options)), "steps": AFTER, "rates": values,
            "bound": 1e-5 * np.abs(values).max()}


if __name__ == "__main__":
    write("optimizers.json", [trajectory(*setting) for setting in OPTIMIZERS])
    write("schedules.json", [rates(*setting) for setting in SCHEDULES])
