"""Makes the golden values of test_golden_solvers.c with scikit-learn and SciPy. Run by hand:

    python tests/golden/make_solvers.py

It writes solvers.json beside itself: for each case the layers, loss and optimizer, the data (multiples of 1/8
or 1/64, which are exact in a float) and what scikit-learn found:
    linear     LinearRegression's and Ridge's coefficients; bound is 1e-6 of the largest
    logistic   LogisticRegression's without a penalty, solver lbfgs, tol 1e-10. Softmax's coefficients may have
               any number added to those of a feature in all classes, so their means are taken off. bound is 1e-4
    network    the loss that MLPRegressor and MLPClassifier with solver lbfgs and alpha 0 end with, from the
               same first weights, as Keras counts it (scikit-learn halves the squared error). bound is 1e-4
    steps      the weights after each of 20 iterations of SciPy's L-BFGS-B, on data where it takes the first step
               that each line search tries (its line search is another one). bound is 2e-5 of the largest
"""

import json
import platform
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

rng = np.random.default_rng(7)


def grid(shape, scale=1.0, step=8):
    return np.round(rng.normal(size=shape) * scale * step) / step


def short(values):
    return [float(f"{v:.9g}") for v in np.ravel(values)]


def flat(tensors):
    return np.concatenate([np.ravel(t) for t in tensors])


# ---- linear models ----

def linear(name, x, t, ridge=0.0, use_bias=True, weight=None, layers=None, scale=1.0, offset=0.0):
    seen = x * scale + offset
    model = (LinearRegression(fit_intercept=use_bias) if ridge == 0 else
             Ridge(alpha=ridge, fit_intercept=use_bias, solver="svd"))
    model.fit(seen, t, sample_weight=weight)
    coefficients = [np.atleast_2d(model.coef_).T]
    if use_bias:
        coefficients.append(np.atleast_1d(model.intercept_))
    units = t.shape[1]
    layers = layers or f"dense units={units} use_bias={str(use_bias).lower()} input_shape=({x.shape[1]})"
    weights = flat(coefficients)
    case = {"name": name, "kind": "linear", "layers": layers, "loss": "mean_squared_error",
            "optimizer": "least_squares" + (f" ridge={ridge}" if ridge else ""), "epochs": 1,
            "rows": len(x), "inputs": x.shape[1], "targets": units, "x": short(x), "y": short(t),
            "weights": short(weights), "final_loss": float(np.mean(
                (model.predict(seen).reshape(t.shape) - t) ** 2 *
                (1 if weight is None else weight[:, None]))),
            "bound": 1e-6 * np.abs(weights).max()}
    if weight is not None:
        case["sample_weight"] = short(weight)
    return case


def linear_cases():
    x = grid((30, 4))
    t = np.round((x @ grid((4, 1)) + 2.5 + grid((30, 1), 0.5)) * 8) / 8
    t3 = np.round((x @ grid((4, 3)) - 1.25 + grid((30, 3), 0.5)) * 8) / 8
    weight = np.abs(grid(30)) + 0.125
    weight[3] = 0
    far = grid((25, 3)) + 100  # far from 0, so that it matters how means are taken off
    deficient = grid((20, 5))
    deficient[:, 3] = deficient[:, 0] + deficient[:, 1]
    deficient[:, 4] = deficient[:, 2]
    wide = grid((6, 9))
    many = grid((540, 2), step=4)
    many_t = np.round((many @ grid((2, 1)) + 0.5 + grid((540, 1))) * 4) / 4
    many_weight = np.abs(grid(540, step=4)) + 0.25
    tall_wide = grid((40, 3))
    return [
        linear("ordinary", x, t),
        linear("ordinary, three outputs, weights", x, t3, weight=weight),
        linear("ordinary, no bias", x, t3, use_bias=False),
        linear("ordinary, far from 0", far, grid((25, 2)) - 50),
        linear("rank 3 of 5", deficient, grid((20, 2))),
        linear("rank 3 of 5, no bias, weights", deficient, grid((20, 1)), use_bias=False,
               weight=np.abs(grid(20)) + 0.5),
        linear("more inputs than rows", wide, grid((6, 2))),
        linear("more inputs than rows, no bias", wide, grid((6, 1)), use_bias=False),
        linear("540 rows, weights", many, many_t, weight=many_weight),
        linear("rescaled", tall_wide, grid((40, 2)), scale=0.25, offset=3.0,
               layers="rescaling scale=0.25 offset=3 input_shape=(3,1); flatten; dense units=2; "
                      "flatten"),
        linear("ridge 0.1", x, t, ridge=0.1),
        linear("ridge 1, weights", x, t3, ridge=1.0, weight=weight),
        linear("ridge 10, no bias", x, t3, ridge=10.0, use_bias=False),
        linear("ridge 10, no bias, weights", x, t3, ridge=10.0, use_bias=False, weight=weight),
        linear("ridge 0.5, more inputs than rows", wide, grid((6, 2)), ridge=0.5),
        linear("ridge 100, 540 rows, weights", many, many_t, ridge=100.0, weight=many_weight),
    ]


# ---- logistic regression ----

TIGHT = "lbfgs tol=1e-7 ftol=0"


def logistic(name, x, labels, weight=None, optimizer=TIGHT, start="zeros"):
    model = LogisticRegression(C=np.inf, solver="lbfgs", tol=1e-10, max_iter=100000)
    model.fit(x, labels, sample_weight=weight)
    classes = labels.max() + 1
    kernel, bias = model.coef_.T, model.intercept_
    units = 1 if classes == 2 else classes
    if units > 1:
        kernel, bias = kernel - kernel.mean(1, keepdims=True), bias - bias.mean()
    loss, activation = (("binary_crossentropy", "sigmoid") if units == 1 else
                        ("sparse_categorical_crossentropy", "softmax"))
    p = model.predict_proba(x)[np.arange(len(x)), labels]
    case = {"name": name, "kind": "logistic",
            "layers": f"dense units={units} activation={activation} kernel_initializer={start} "
                      f"input_shape=({x.shape[1]})",
            "loss": loss, "optimizer": optimizer, "epochs": 500, "rows": len(x),
            "inputs": x.shape[1], "targets": 1, "x": short(x), "y": [int(v) for v in labels],
            "weights": short(flat([kernel, bias])),
            "final_loss": float(np.mean(-np.log(p) * (1 if weight is None else weight))),
            "bound": 1e-4}
    if weight is not None:
        case["sample_weight"] = short(weight)
    return case


def draw_labels(x, classes):
    logits = x @ grid((x.shape[1], classes)) + grid(classes)
    noise = rng.gumbel(size=logits.shape)
    return np.argmax(logits + noise, axis=1)


def logistic_cases():
    x, big = grid((120, 3)), grid((300, 2))
    two, three, two_big = draw_labels(x, 2), draw_labels(x, 3), draw_labels(big, 2)
    weight = np.abs(grid(120)) + 0.125
    return [
        logistic("two classes", x, two),
        logistic("two classes, weights", x, two, weight),
        logistic("two classes, three iterations an epoch", x, two,
                 optimizer=TIGHT + " max_iter=3 history_size=3"),
        logistic("two classes, 300 rows", big, two_big),
        logistic("three classes", x, three),
        logistic("three classes, weights", x, three, weight),
        logistic("three classes, from elsewhere", x, three, start="glorot_uniform(seed=3)"),
    ]


# ---- networks ----

def forward(x, tensors):
    for kernel, bias in tensors[:-1]:
        x = np.tanh(x @ kernel + bias)
    return x @ tensors[-1][0] + tensors[-1][1]


def moved(tensors):
    return [(k + grid(k.shape, 0.25, 64), b + grid(b.shape, 0.25, 64)) for k, b in tensors]


def teach(x, sizes, regression):
    """What a network of moderate weights says of x, and some noise."""
    tensors = [(grid((a, b), 1.0, 64), grid(b, 0.5, 64)) for a, b in zip(sizes, sizes[1:])]
    y = forward(x, tensors)
    if regression:
        y = np.round((y + grid(y.shape, 0.5)) * 8) / 8
        return tensors, y[:, 0] if sizes[-1] == 1 else y
    if sizes[-1] == 1:
        return tensors, (y[:, 0] + rng.logistic(size=len(x)) > 0).astype(int)
    return tensors, np.argmax(y + rng.gumbel(size=y.shape), axis=1)


def learn(kind, sizes, activation, x, y, start):
    model = kind(hidden_layer_sizes=sizes[1:-1], activation=activation, solver="lbfgs", alpha=0.0,
                 tol=1e-6, max_iter=1, warm_start=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, y)
    model.coefs_ = [k.copy() for k, _ in start]
    model.intercepts_ = [b.copy() for _, b in start]
    model.set_params(max_iter=20000, max_fun=100000)
    for _ in range(30):  # it ends where the loss falls slowly, and how slowly can't be set
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
    return model


def network(name, kind, sizes, activation, loss):
    """Without a penalty the loss may have no minimum, but fall for ever as weights grow, and each solver stops
    somewhere else. So data is drawn anew until the weights that scikit-learn ends with are moderate."""
    regression = kind is MLPRegressor
    while True:
        x = grid((100, sizes[0]))
        teacher, y = teach(x, sizes, regression)
        start = moved(teacher)
        model = learn(kind, sizes, activation, x, y, start)
        largest = max(np.abs(k).max() for k in model.coefs_)
        if largest < 5:
            break
    print(f"{name}: largest weight {largest:.3g}")
    last = "linear" if regression else "sigmoid" if sizes[-1] == 1 else "softmax"
    activations = ["sigmoid" if activation == "logistic" else activation] * (len(sizes) - 2) + [last]
    layers = [f"dense units={units} activation={a}" for units, a in zip(sizes[1:], activations)]
    layers[0] += f" input_shape=({sizes[0]})"
    return {"name": name, "kind": "network", "layers": "; ".join(layers), "loss": loss,
            "optimizer": "lbfgs tol=1e-6 ftol=0", "epochs": 3000, "rows": len(x),
            "inputs": sizes[0], "targets": y[0].size, "x": short(x),
            "y": short(y) if regression else [int(v) for v in y],
            "start": short(flat([t for pair in start for t in pair])),
            "final_loss": float(model.loss_) * (2 if regression else 1), "bound": 1e-4}


def network_cases():
    return [
        network("regression, tanh", MLPRegressor, (2, 3, 1), "tanh", "mean_squared_error"),
        network("regression, two outputs, sigmoid", MLPRegressor, (2, 3, 2), "logistic",
                "mean_squared_error"),
        network("three classes, tanh", MLPClassifier, (2, 2, 3), "tanh",
                "sparse_categorical_crossentropy"),
        network("two classes, tanh", MLPClassifier, (2, 2, 1), "tanh", "binary_crossentropy"),
    ]


# ---- the way there ----

def sigmoid_loss(z, y):
    return np.mean(np.logaddexp(0, z) - y * z), 1 / (1 + np.exp(-z)) - y


def squared_loss(z, y):
    return np.mean((z - y) ** 2), 2 * (z - y)


def steps(name, loss, activation, history_size, inputs, scales):
    """The scales of the inputs differ, so that 20 iterations don't reach the end."""
    function = sigmoid_loss if activation == "sigmoid" else squared_loss
    while True:
        x = np.round(grid((40, inputs), 1.0, 64) * np.linspace(*scales, inputs) * 64) / 64
        z = x @ grid(inputs, 0.5) + 0.5
        y = (z + rng.logistic(size=len(x)) > 0).astype(int) if activation == "sigmoid" else \
            np.round((z + grid(len(x), 0.5)) * 8) / 8
        calls, path = [], []

        def evaluate(w):
            calls.append(w)
            value, dz = function(x @ w[:-1] + w[-1], y)
            return value, np.append(x.T @ dz, dz.sum()) / len(x)

        def after(w):
            path.append((w.copy(), len(calls)))

        minimize(evaluate, np.zeros(inputs + 1), jac=True, method="L-BFGS-B", callback=after,
                 options={"maxcor": history_size, "maxiter": 20, "ftol": 0, "gtol": 0})
        if [count for _, count in path] == list(range(2, 22)):
            break
    return {"name": name, "kind": "steps",
            "layers": f"dense units=1 activation={activation} kernel_initializer=zeros "
                      f"input_shape=({inputs})",
            "loss": loss, "optimizer": f"lbfgs history_size={history_size} tol=0 ftol=0",
            "epochs": 20, "rows": len(x), "inputs": inputs, "targets": 1, "x": short(x),
            "y": short(y), "path": [short(w) for w, _ in path],
            "bound": 2e-5 * max(np.abs(w).max() for w, _ in path)}


def steps_cases():
    return [
        steps("steps of logistic regression", "binary_crossentropy", "sigmoid", 10, 12, (0.25, 1)),
        steps("steps of logistic regression, 3 pairs", "binary_crossentropy", "sigmoid", 3, 6, (0.5, 1)),
        steps("steps of linear regression, 5 pairs", "mean_squared_error", "linear", 5, 8, (0.25, 1)),
    ]


if __name__ == "__main__":
    cases = linear_cases() + logistic_cases() + network_cases() + steps_cases()
    made_with = {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__,
                 "numpy": np.__version__, "python": platform.python_version()}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path = Path(__file__).with_name("solvers.json")
    path.write_text(f'{{"made_with": {json.dumps(made_with)}, "cases": [\n{lines}\n]}}\n')
    print(f"{path}: {len(cases)} cases, {path.stat().st_size} bytes")
