"""Makes what the examples have from scikit-learn. Run by hand:

    python tests/golden/make_examples.py

It writes examples/iris.csv and prints the values that stand in the sources: the weights of Perceptron in
examples/perceptron.c and of LogisticRegression in examples/logistic_regression.c. (scikit-learn 1.9)
"""

import pathlib

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Perceptron

IRIS = pathlib.Path(__file__).parents[2] / "examples" / "iris.csv"
HEADER = """\
# Sepals and petals of 150 irises of three species, in cm. Measured by Edgar Anderson, published by R. A. Fisher,
# "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936) 179-188; in the public domain.
# These are the values of the paper, as in R and in scikit-learn since 0.20; the copy at the UCI repository differs
# from them in rows 35 (its fourth value is 0.1) and 38 (its second and third are 3.1 and 1.5).
"""


def write_iris(iris):
    names = ["setosa", "versicolor", "virginica"]
    lines = ["sepal_length,sepal_width,petal_length,petal_width,species\n"]
    for row, species in zip(iris.data, iris.target):
        lines.append(",".join(f"{value:.1f}" for value in row) + f",{names[species]}\n")
    assert lines[35] == "4.9,3.1,1.5,0.2,setosa\n" and lines[38] == "4.9,3.6,1.4,0.1,setosa\n"
    IRIS.write_text(HEADER + "".join(lines))


def perceptron(iris):
    """Setosa (1) or not (0) by the petals, row after row as they lie, from weights of 0; without an end
    (tol) before the epochs are over."""
    x = iris.data[:, 2:].astype(np.float32).astype(np.float64)
    y = (iris.target == 0).astype(int)
    for epochs in (1, 2, 3, 4, 20):
        model = Perceptron(max_iter=epochs, tol=None, shuffle=False, eta0=1.0).fit(x, y)
        print(f"perceptron, {epochs} epochs:", model.coef_[0].tolist(), model.intercept_.tolist(),
              "right:", model.score(x, y))


def logistic_regression(iris):
    """Versicolor (0) or virginica (1) by the standardized measurements, without a penalty."""
    x = iris.data[50:].astype(np.float32).astype(np.float64)
    y = (iris.target[50:] == 2).astype(int)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)
    print("logistic_regression:", model.coef_[0].tolist(), model.intercept_.tolist(),
          "right:", model.score(x, y))


if __name__ == "__main__":
    data = load_iris()
    write_iris(data)
    perceptron(data)
    logistic_regression(data)
