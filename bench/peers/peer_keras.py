"""Keras 3 on TensorFlow, else on JAX: fit and predict_on_batch with their defaults."""

import importlib
import importlib.util
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if "KERAS_BACKEND" not in os.environ:
    found = importlib.util.find_spec("tensorflow") is not None
    os.environ["KERAS_BACKEND"] = "tensorflow" if found else "jax"


def limit_threads(threads):
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    else:  # XLA takes as many as there are cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Peer:
    def __init__(self, options):
        if options.threads:
            limit_threads(options.threads)
        import keras

        backend = importlib.import_module(keras.backend.backend())
        self.name = "Keras"
        self.version = f"{keras.__version__} ({backend.__name__} {backend.__version__})"
        keras.utils.set_random_seed(1)
        self.model = keras.Sequential([
            keras.layers.Input((784,)),
            keras.layers.Dense(300, activation="relu"),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ])
        self.model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")

    def set_rows(self, x, labels):
        self.x, self.labels = x, labels

    def train_epoch(self, batch):
        self.model.fit(self.x, self.labels, batch_size=batch, verbose=0)

    def prepare(self, x):
        return x

    def predict(self, x):
        return self.model.predict_on_batch(x)
