"""Makes the golden values of test_golden_metrics.c with real Keras 3. Run by hand, on TensorFlow (as
make_losses.py):

    KERAS_BACKEND=tensorflow python tests/golden/make_metrics.py

It writes metrics.json and metric_configs.json beside itself. A case of the first is data in BATCHES of unequal
size, with metrics: after each batch, which Keras's metric took in by update_state, its result. What the test
allows, BOUND of the largest result, stands beside them. The second holds how Keras writes each metric down.
"""

import json

import keras
import numpy as np
from keras import ops
from keras.metrics import MeanMetricWrapper
from keras.src.metrics import ALL_OBJECTS_DICT

import make_golden as golden

BOUND = 1e-5
BATCHES = (7, 12, 5)
ROWS = sum(BATCHES)


def within(y_true, y_pred, tolerance=0.1):
    """tolerance_accuracy, which Keras doesn't have"""
    return ops.cast(ops.abs(y_true - y_pred) <= tolerance, "float32")


def metric_of(name, **options):
    """(libnn's spec, Keras's metric)"""
    def value(option):
        return str(option).lower() if isinstance(option, bool) else (
            option if isinstance(option, str) else f"{option:g}")

    spec = name + "".join(f" {key}={value(option)}" for key, option in options.items())
    if name == "tolerance_accuracy":
        return spec, MeanMetricWrapper(within, **options)
    return spec, ALL_OBJECTS_DICT["f_beta_score" if name == "fbeta_score" else name](**options)


# ---- data: short decimals, in all of which float32 is exact ---------------------------------------


def data_sets():
    rng = np.random.default_rng(71)

    def short(values):
        return np.round(np.asarray(values) * 64).astype(np.float32) / 64

    def hot(classes, width):
        return np.eye(width, dtype=np.float32)[classes]

    classes = rng.integers(0, 4, ROWS)
    classes[:4] = np.arange(4)
    likely = rng.dirichlet(np.ones(4), ROWS) + 0.4 * hot(classes, 4)
    probabilities = short(likely / likely.sum(axis=1, keepdims=True))
    probabilities[3] = [0.25, 0.25, 0.25, 0.25]  # equal ones
    probabilities[9] = [1, 0, 0, 0]  # certain
    soft = short(rng.dirichlet(np.ones(4), ROWS))
    soft[np.arange(ROWS), soft.argmax(axis=1)] += 1 - soft.sum(axis=1)
    bits = rng.integers(0, 2, (ROWS, 3)).astype(np.float32)
    given = short(np.clip(0.5 * bits + rng.uniform(-0.2, 0.7, (ROWS, 3)), 0, 1))  # with 0 and 1
    given[5] = 0.5  # on the threshold
    reals = short(rng.normal(size=(ROWS, 3)) * [1, 3, 0.5] + [0, 10, -2])
    near = short(reals + rng.normal(size=(ROWS, 3)) * [0.5, 1, 0.1])
    counts = rng.integers(0, 6, (ROWS, 3)).astype(np.float32)
    logits = short(2 * (2 * bits - 1) + 3 * rng.normal(size=(ROWS, 3)))
    none = np.zeros((ROWS, 1), np.float32)
    return {
        "probabilities": (probabilities, hot(classes, 4)),
        "labels": (probabilities, classes.astype(np.int32)),
        "other labels": (soft, classes.astype(np.int32)),
        "soft": (probabilities[:, ::-1].copy(), soft),
        "scores of classes": (short(3 * rng.normal(size=(ROWS, 6)) + 2 * hot(classes, 6)), hot(classes, 6)),
        "scores of labels": (short(3 * rng.normal(size=(ROWS, 6)) + 2 * hot(classes, 6)), classes.astype(np.int32)),
        "answers": (given, bits),
        "one answer": (given[:, :1], bits[:, :1]),
        "logits": (logits, bits),
        "signs": (logits, 2 * bits - 1),
        "one sign": (logits[:, 1:2], 2 * bits[:, 1:2] - 1),
        "nothing wanted": (given[:, :1], none),
        "all wanted": (given[:, 1:2], none + 1),
        "reals": (near, reals),
        "one real": (near[:, 1:2], reals[:, 1:2]),
        "far": (short(20 * rng.normal(size=(ROWS, 3))), reals),
        "counts": (short(rng.uniform(0.05, 5, (ROWS, 3))), counts),
        "one count": (short(rng.uniform(0.05, 5, (ROWS, 1))), counts[:, :1]),
    }


# ---- which metrics on what ----------------------------------------------------------------------------


def several(*names, **options):
    return [metric_of(name, **options) for name in names]


def answers(class_id):
    """What counts yes and no."""
    yield from several("true_positives", "true_negatives", "false_positives", "false_negatives", "precision", "recall")
    yield from several("true_positives", "true_negatives", "false_positives", "false_negatives", "precision", "recall",
                       thresholds=0.25)
    for asked, metrics in {"specificity": ["sensitivity_at_specificity"], "sensitivity": ["specificity_at_sensitivity"],
                           "recall": ["precision_at_recall"], "precision": ["recall_at_precision"]}.items():
        yield from several(*metrics, **{asked: 0.6})
        yield from several(*metrics, **{asked: 0.75, "num_thresholds": 9})
        yield from several(*metrics, **{asked: 0.3, "num_thresholds": 1})
        yield from several(*metrics, **{asked: 0.9, "class_id": class_id, "num_thresholds": 2})
    yield from several("precision", "recall", class_id=class_id)
    for curve in ("ROC", "PR", "PRGAIN"):
        yield from several("auc", curve=curve)
        for method in ("interpolation", "majoring", "minoring"):
            yield from several("auc", curve=curve, summation_method=method, num_thresholds=7)


def f_scores():
    for average in ("micro", "macro", "weighted"):
        yield from several("f1_score", "fbeta_score", average=average)
        yield from several("f1_score", average=average, threshold=0.4)
        yield from several("fbeta_score", average=average, threshold=0.4, beta=0.5)
        yield from several("fbeta_score", average=average, beta=2.0)


def of_many_classes():
    yield from several("precision", "recall", top_k=2)
    yield from several("precision", "recall", top_k=2, class_id=1)
    yield from several("precision", "recall", top_k=3, thresholds=0.3)
    yield from f_scores()
    yield from several("auc", multi_label=True)
    yield from several("auc", multi_label=True, num_thresholds=12, curve="PR")
    yield from several("auc", multi_label=True, num_thresholds=12, curve="PR", summation_method="majoring")


ERRORS = ("mean_squared_error", "root_mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error",
          "log_cosh_error", "r2_score")


def metrics_on(name):
    if name in ("probabilities", "soft"):
        yield from several("categorical_accuracy", "categorical_crossentropy", "kl_divergence", "categorical_hinge",
                           "mean_squared_error", "cosine_similarity", "accuracy")
        yield from several("categorical_crossentropy", label_smoothing=0.1)
        yield from several("top_k_categorical_accuracy", k=2)
    if name in ("probabilities", "labels"):
        yield from answers(class_id=1)
        yield from of_many_classes()
    if name in ("labels", "other labels"):
        yield from several("sparse_categorical_accuracy", "sparse_categorical_crossentropy", "accuracy")
    if name == "labels":
        for k in (1, 2, 3):
            yield from several("sparse_top_k_categorical_accuracy", k=k)
    if name == "scores of classes":
        yield from several("categorical_accuracy", "top_k_categorical_accuracy", "categorical_hinge",
                           "pearson_correlation", "concordance_correlation")
        yield from several("top_k_categorical_accuracy", k=3)
        yield from several("categorical_crossentropy", from_logits=True)
        yield from several("categorical_crossentropy", from_logits=True, label_smoothing=0.2)
        yield from several("f1_score", average="macro")
    if name == "scores of labels":
        yield from several("sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy", "accuracy")
        yield from several("sparse_categorical_crossentropy", from_logits=True)
    if name == "answers":
        yield from answers(class_id=2)
        yield from of_many_classes()
        yield from several("binary_accuracy", "binary_crossentropy", "hinge", "squared_hinge")
        yield from several("binary_accuracy", threshold=0.3)
        yield from several("binary_crossentropy", label_smoothing=0.2)
    if name == "one answer":
        yield from answers(class_id=0)
        yield from several("f1_score", "fbeta_score", threshold=0.5)
        yield from several("fbeta_score", threshold=0.25, beta=3.0)
        yield from several("accuracy", "binary_accuracy", "binary_crossentropy")
        yield from several("binary_accuracy", threshold=0.7)
    if name == "logits":
        for curve in ("ROC", "PR"):
            yield from several("auc", curve=curve, from_logits=True)
            yield from several("auc", curve=curve, from_logits=True, multi_label=True, num_labels=3)
        yield from several("binary_crossentropy", from_logits=True)
        yield from several("binary_accuracy", threshold=0)
        yield from several("precision", "recall", "hinge", "squared_hinge")
        yield from several("auc")  # clipped to [0, 1]
    if name in ("signs", "one sign"):
        yield from several("hinge", "squared_hinge")
    if name in ("nothing wanted", "all wanted"):
        yield from several("true_positives", "false_positives", "precision", "recall", "auc")
        yield from several("f1_score", threshold=0.5)
        yield from several("auc", curve="PR")
        yield from several("auc", curve="PR", summation_method="minoring")
        yield from several("precision_at_recall", recall=0.5)
        yield from several("sensitivity_at_specificity", specificity=0.5)
    if name in ("reals", "one real", "far"):
        yield from several(*ERRORS)
        yield from several("tolerance_accuracy", tolerance=0.25)
        yield from several("tolerance_accuracy")
        yield from several("r2_score", num_regressors=3)
        yield from several("r2_score", class_aggregation="variance_weighted_average")
        yield from several("r2_score", num_regressors=6)  # more than the first batch's targets, with one output
    if name in ("reals", "far", "counts"):
        yield from several("cosine_similarity", "concordance_correlation")
    if name in ("reals", "far"):  # a row of counts may be constant
        yield from several("pearson_correlation")
    if name in ("counts", "one count"):
        yield from several("poisson", "mean_squared_logarithmic_error", "mean_squared_error")
    if name == "answers":
        yield from several("poisson", "mean_squared_logarithmic_error", "kl_divergence")


# ---- results --------------------------------------------------------------------------------------------


def results(spec, metric, y, target):
    labels = target.dtype == np.int32
    wanted = target.reshape(-1, 1) if labels else target
    if spec == "accuracy":  # which only compile makes what it should be
        metric = type(keras.metrics.get("binary_accuracy" if y.shape[1] == 1 else
                                        "sparse_categorical_accuracy" if labels else "categorical_accuracy"))()
    elif labels and not spec.startswith("sparse"):  # a label stands for a one-hot row
        wanted = np.eye(y.shape[1], dtype=np.float32)[target]
    found, at = [], 0
    for rows in BATCHES:
        metric.update_state(wanted[at:at + rows], y[at:at + rows])
        at += rows
        value = np.asarray(metric.result(), np.float32)
        assert value.size == 1, (spec, value)
        found.append(float(value.reshape(())))
    assert np.isfinite(found).all(), (spec, found)
    return {"spec": spec, "values": found, "bound": BOUND * float(np.abs(found).max())}


def case(name, y, target):
    y = np.asarray(y, np.float32)
    return {"name": name, "batches": list(BATCHES), "width": y.shape[1], "y": y,
            "target_kind": "labels" if target.dtype == np.int32 else "values", "target": target,
            "metrics": [results(spec, metric, y, target) for spec, metric in metrics_on(name)]}


def configs():
    """Each metric with its first two settings; accuracy and tolerance_accuracy aren't Keras's own."""
    seen = {}
    for name in data_sets():
        for spec, metric in metrics_on(name):
            specs = seen.setdefault(spec.split(" ")[0], set())
            if len(specs) < 2 and spec not in specs and spec.split(" ")[0] not in ("accuracy", "tolerance_accuracy"):
                specs.add(spec)
                yield {"spec": spec, "config": json.dumps(keras.metrics.serialize(metric))}


def main():
    assert keras.config.floatx() == "float32"
    golden.write("metrics.json", [case(name, *data) for name, data in data_sets().items()])
    golden.write("metric_configs.json", list(configs()))


if __name__ == "__main__":
    main()
