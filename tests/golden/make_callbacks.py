"""Makes the golden values of test_golden_callbacks.c with real Keras 3. Run by hand, with any backend:

    KERAS_BACKEND=jax python tests/golden/make_callbacks.py

It writes callbacks.json beside itself: sequences of monitored values that are fed to Keras's callbacks,
and what these do (when they stop, which weights they restore, which learning rates they set, which files
they save); and callback_runs.json: whole trainings with callbacks, run twice as make_golden.py does, so
that none is chaotic. BOUND of the largest value is what may differ in these.
"""

import itertools
import re

import keras
import numpy as np
from keras import callbacks as keras_callbacks
from keras.optimizers import schedules

import make_golden as golden

BOUND = 2e-5
RATE = 0.25  # where the learning rate of a sequence begins

EARLY, REDUCE, CHECKPOINT = "early_stopping", "reduce_lr_on_plateau", "model_checkpoint"
SCHEDULER, SWAP = "learning_rate_scheduler", "swap_ema_weights"


def scheduler(schedule):
    """Keras takes any function of the epoch."""
    return keras_callbacks.LearningRateScheduler(lambda epoch: float(schedule(epoch)))


CLASSES = {EARLY: keras_callbacks.EarlyStopping, REDUCE: keras_callbacks.ReduceLROnPlateau,
           CHECKPOINT: keras_callbacks.ModelCheckpoint, SCHEDULER: scheduler,
           SWAP: keras_callbacks.SwapEMAWeights}


def written(value):
    if isinstance(value, schedules.LearningRateSchedule):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(value).__name__).lower()
        options = {key: part for key, part in value.get_config().items() if key != "name"}
        return f"{name}({', '.join(f'{key}={written(part)}' for key, part in options.items())})"
    if isinstance(value, (list, tuple)):
        return f"({','.join(written(part) for part in value)})"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z_]+", value):
        return f"'{value}'"
    return str(value)


def spec_of(name, options):
    return " ".join([name] + [f"{key}={written(value)}" for key, value in options.items()])


def real_model():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(RATE), "mse", metrics=["accuracy", "mean_absolute_error"])
    model.fit(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0)
    return model


class Model:
    """What a callback sees of a model; its weights are the number of the epoch."""

    def __init__(self):
        model = real_model()
        self.metrics, self.optimizer = model.metrics, model.optimizer
        self.epoch, self.restored, self.saved, self.stop_training = -1, -1, [], False

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.restored = weights

    def save(self, path, overwrite):
        self.saved.append(path)


# ---- sequences ------------------------------------------------------------------------------------


def sequence_case(name, options, columns, rows, batches=0):
    """rows: the values of columns after each epoch, None where there are none; with batches, after each
    batch, of which an epoch has so many."""
    callback, model = CLASSES[name](**options), Model()
    callback.set_model(model)
    callback.on_train_begin()
    if batches and options.get("save_best_only"):
        callback._set_monitor_op()  # which Keras does at the first epoch's end, and fails before
    rates, saved = [], []
    for number, row in enumerate(rows):
        epoch = number // batches if batches else number
        if model.epoch != epoch:
            callback.on_epoch_begin(epoch)
        model.epoch = epoch
        logs = {key: value for key, value in zip(columns, row) if value is not None}
        before = len(model.saved)
        if batches:
            callback.on_train_batch_end(number % batches, logs)
        else:
            callback.on_epoch_end(epoch, logs)
        saved.append(model.saved[-1] if len(model.saved) > before else "")
        rates.append(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)))
        if model.stop_training:
            break
    callback.on_train_end()
    case = {"spec": spec_of(name, options), "columns": list(columns), "batches": batches,
            "rows": [["" if value is None else repr(float(value)) for value in row] for row in rows],
            "stopped_after": len(rates) if model.stop_training else 0, "restored": model.restored}
    if name == REDUCE:
        case["learning_rates"] = rates
        case["bound"] = BOUND * RATE
    if name == CHECKPOINT:
        case["saved"] = saved
    return case


NAN, INF = float("nan"), float("inf")
BUMPY = [1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.71, 0.705, 0.6, 0.65, 0.66, 0.64, 0.63, 0.62, 0.61, 0.6]
RISING = [0.1, 0.3, 0.25, 0.3, 0.31, 0.5, 0.45, 0.5, 0.49, 0.48, 0.2]
FLAT = [0.5] * 8
SMALL_STEPS = [1.0, 0.9995, 0.999, 0.9985, 0.9, 0.8999, 0.8998, 0.8997, 0.8996, 0.8]
BROKEN = [1.0, NAN, 0.9, INF, 0.8, NAN, 0.85, 0.81]
BROKEN_FIRST = [NAN, 1.0, 0.9, 0.8, 0.7]
SEQUENCES = {"bumpy": BUMPY, "rising": RISING, "flat": FLAT, "small": SMALL_STEPS,
             "broken": BROKEN, "broken first": BROKEN_FIRST}


def column(values):
    return [[value] for value in values]


def early_stopping_cases():
    settings = [
        dict(), dict(patience=1), dict(patience=2), dict(patience=3, restore_best_weights=True),
        dict(patience=2, min_delta=0.05), dict(patience=2, min_delta=-0.05),
        dict(patience=2, min_delta=0.0005), dict(patience=4, baseline=0.72),
        dict(patience=3, baseline=0.01, restore_best_weights=True),
        dict(patience=1, start_from_epoch=4), dict(patience=2, mode="max", restore_best_weights=True),
        dict(start_from_epoch=20, restore_best_weights=True), dict(mode="min"),
    ]
    for options, values in itertools.product(settings, SEQUENCES.values()):
        yield sequence_case(EARLY, options, ["val_loss"], column(values))
    for monitor in ("accuracy", "val_accuracy", "val_mean_absolute_error", "loss"):
        yield sequence_case(EARLY, dict(monitor=monitor, patience=2), [monitor], column(RISING))
    gaps = [[value, value if i % 2 else None] for i, value in enumerate(BUMPY)]
    yield sequence_case(EARLY, dict(patience=2, restore_best_weights=True), ["loss", "val_loss"], gaps)


def reduce_cases():
    settings = [
        dict(patience=1), dict(patience=2, factor=0.5), dict(patience=0, factor=0.5),
        dict(patience=1, cooldown=2), dict(patience=2, cooldown=1, factor=0.25, min_lr=0.01),
        dict(patience=1, min_lr=0.2), dict(patience=1, min_delta=0.0, factor=0.7),
        dict(patience=1, min_delta=0.05, factor=0.9), dict(patience=1, mode="max", factor=0.3),
        dict(), dict(patience=1, min_lr=0.25),
    ]
    for options, values in itertools.product(settings, SEQUENCES.values()):
        yield sequence_case(REDUCE, options, ["val_loss"], column(values))
    yield sequence_case(REDUCE, dict(monitor="accuracy", patience=1), ["accuracy"], column(RISING))


def checkpoint_cases():
    names = ["loss", "accuracy", "val_loss", "val_accuracy"]
    rows = [[2 * a, b, a, b / 2] for a, b in zip(BUMPY, RISING)]
    best = dict(save_best_only=True)
    for path in ("{epoch:02d}-{val_loss:.2f}.keras", "{epoch}.keras", "a/b/{epoch:04d}.keras",
                 "{loss}_{accuracy:.3e}.keras", "{{x}}-{epoch:>5}-{epoch:<4d}-{epoch:^6}.keras",
                 "{val_accuracy:+.1%}{loss:*^12.4f}{loss:08.3f}{epoch:+d}.keras",
                 "{loss:g}-{val_loss:.3G}-{epoch:.1f}-{val_loss:E}-{loss: f}.keras", "best.keras"):
        yield sequence_case(CHECKPOINT, dict(filepath=path), names, rows)
    path = "{epoch:02d}.keras"
    for options in (dict(), dict(monitor="val_accuracy"), dict(monitor="accuracy", mode="min"),
                    dict(monitor="loss", mode="max"), dict(initial_value_threshold=0.72),
                    dict(monitor="accuracy", initial_value_threshold=0.3)):
        yield sequence_case(CHECKPOINT, dict(filepath=path, **best, **options), names, rows)
    for values in (BROKEN, BROKEN_FIRST):
        yield sequence_case(CHECKPOINT, dict(filepath=path, **best), ["val_loss"], column(values))
    by_batch = "{epoch:02d}-{batch:03d}-{loss:.3f}.keras"
    for options in (dict(save_freq=1), dict(save_freq=3), dict(save_freq=4), dict(save_freq=7),
                    dict(save_freq=2, monitor="loss", mode="min", **best)):
        yield sequence_case(CHECKPOINT, dict(filepath=by_batch, **options), ["loss"], column(BUMPY),
                            batches=4)


# ---- trainings ------------------------------------------------------------------------------------


def build(weights, optimizer):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5, activation="tanh"),
                              keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.2, momentum=0.75, **optimizer), "mse", metrics=["mean_absolute_error"])
    if weights is None:
        weights = golden.weights_like(np.random.default_rng(3), model)
    model.set_weights(weights)
    return model, weights


def run(case, data, weights):
    model, _ = build(weights, case["optimizer"])
    made = [CLASSES[name](**options) for name, options in case["callbacks"]]
    history = model.fit(*data["train"], batch_size=8, epochs=case["epochs"], shuffle=False, verbose=0,
                        validation_data=data["validation"], callbacks=made, **case["options"])
    return history.history, model.get_weights()


def training_case(case, data):
    _, weights = build(None, {})
    history, final = run(case, data, weights)
    again, final_again = run(case, data, [w * np.float32(1 + 1e-7) for w in weights])
    for a, b in zip(list(history.values()) + final, list(again.values()) + final_again):
        difference = np.abs(np.asarray(a) - np.asarray(b)).max() / np.abs(np.asarray(a)).max()
        assert difference < golden.MAX_SENSITIVITY, (case, difference)
    names = ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    assert case["callbacks"] or case["options"]
    return {
        "callbacks": "; ".join(spec_of(name, options) for name, options in case["callbacks"]),
        "optimizer": spec_of("sgd learning_rate=0.2 momentum=0.75", case["optimizer"]),
        "averages": int(case["optimizer"].get("use_ema", False)),  # which Keras ends with
        "epochs": case["epochs"], "options": case["options"], "batch_size": 8,
        "x": data["train"][0], "y": data["train"][1],
        "validation_x": data["validation"][0], "validation_y": data["validation"][1],
        "initial_weights": [{"name": n, "values": w} for n, w in zip(names, weights)],
        "history": [{"name": key, "values": np.asarray(value, np.float32),
                     "bound": BOUND * float(np.abs(value).max())} for key, value in history.items()],
        "final_weights": [{"name": n, "values": w, "bound": BOUND * float(np.abs(w).max())}
                          for n, w in zip(names, final)],
    }


def training_cases():
    rng = np.random.default_rng(7)
    x = golden.reals(rng, 36, 3)
    y = golden.values(rng, x, 1)
    data = {"train": (x[:28], y[:28]), "validation": (x[28:], y[28:])}
    for callbacks, options, epochs in (
            ([(EARLY, dict(patience=2, restore_best_weights=True))], {}, 30),
            ([(REDUCE, dict(patience=1, factor=0.5))], {}, 12),
            ([(REDUCE, dict(monitor="loss", patience=1, factor=0.2, min_lr=0.01)),
              (EARLY, dict(monitor="val_mean_absolute_error", patience=4))], {}, 15),
            ([], dict(validation_freq=2), 5), ([], dict(validation_freq=3), 7),
            ([], dict(steps_per_epoch=2), 5), ([], dict(steps_per_epoch=3), 4),
            ([], dict(validation_steps=1, validation_batch_size=3), 3),
            ([(EARLY, dict(patience=1))], dict(validation_steps=2, validation_batch_size=2,
                                               validation_freq=2, steps_per_epoch=3), 12)):
        yield training_case({"callbacks": callbacks, "options": options, "epochs": epochs,
                             "optimizer": {}}, data)
    average = dict(use_ema=True, ema_momentum=0.8)
    for callbacks, optimizer, epochs in (
            ([(SCHEDULER, dict(schedule=schedules.ExponentialDecay(0.2, 3, 0.5)))], {}, 6),
            ([(SCHEDULER, dict(schedule=schedules.PiecewiseConstantDecay([1, 3], [0.1, 0.3, 0.05])))],
             {}, 5),
            ([(SCHEDULER, dict(schedule=schedules.CosineDecay(0.05, 4, 0.1, warmup_target=0.2,
                                                              warmup_steps=2)))], {}, 7),
            ([(SWAP, {})], average, 4), ([(SWAP, dict(swap_on_epoch=True))], average, 4),
            ([(SWAP, {})], dict(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3), 3),
            ([(SWAP, dict(swap_on_epoch=True)),
              (SCHEDULER, dict(schedule=schedules.InverseTimeDecay(0.2, 2, 0.5)))],
             dict(use_ema=True, ema_momentum=0.5), 5)):
        yield training_case({"callbacks": callbacks, "options": {}, "epochs": epochs,
                             "optimizer": optimizer}, data)


if __name__ == "__main__":
    golden.write("callbacks.json", [*early_stopping_cases(), *reduce_cases(), *checkpoint_cases()])
    golden.write("callback_runs.json", list(training_cases()))
