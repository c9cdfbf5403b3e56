"""scikit-learn's MLPClassifier: partial_fit is one epoch. The checks of its arguments are off."""

import numpy
import sklearn
from sklearn.neural_network import MLPClassifier

sklearn.set_config(assume_finite=True, skip_parameter_validation=True)


class Peer:
    name = "scikit-learn"
    version = sklearn.__version__

    def __init__(self, options):
        # Its threads are the BLAS's and OpenMP's, which the environment sets.
        self.model = MLPClassifier(tuple(options.widths[1:-1]), solver="sgd",
                                   learning_rate_init=0.01, alpha=0.0, momentum=0.0,
                                   nesterovs_momentum=False, random_state=1)
        self.classes = numpy.arange(options.widths[-1])

    def set_rows(self, x, labels):
        self.x, self.labels = x, labels

    def train_epoch(self, batch):
        self.model.batch_size = batch
        self.model.partial_fit(self.x, self.labels, classes=self.classes)

    def prepare(self, x):
        return x

    def predict(self, x):
        return self.model.predict_proba(x)
