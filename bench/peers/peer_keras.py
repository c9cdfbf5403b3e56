"""Keras 3 on TensorFlow, and by peer_keras_jax.py on JAX: fit with many steps to an execution, which is
faster than its default of one; predictions by a tf.function of the model, on JAX by predict_on_batch."""

import importlib
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # peer_keras_jax.py sets it before
STEPS_PER_EXECUTION = 256
BACKEND_NAMES = {"tensorflow": "TensorFlow", "jax": "JAX"}


def limit_threads(threads):
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    else:  # XLA takes as many as there are cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def make_predictor(backend, model, inputs):
    """A function from rows to predictions, with what turns rows into its argument."""
    if backend.__name__ != "tensorflow":
        return model.predict_on_batch, lambda x: x
    spec = backend.TensorSpec((None, inputs), backend.float32)
    graph = backend.function(lambda x: model(x, training=False), input_signature=[spec])
    function = graph.get_concrete_function()
    return lambda x: function(x).numpy(), backend.constant


class Peer:
    def __init__(self, options):
        if options.threads:
            limit_threads(options.threads)
        import keras

        backend = importlib.import_module(keras.backend.backend())
        self.name = "Keras/" + BACKEND_NAMES[backend.__name__]
        self.version = f"{keras.__version__}/{backend.__version__}"
        keras.utils.set_random_seed(1)
        inputs, *hidden, outputs = options.widths
        self.model = keras.Sequential(
            [keras.layers.Input((inputs,))]
            + [keras.layers.Dense(units, activation="relu") for units in hidden]
            + [keras.layers.Dense(outputs, activation="softmax")])
        self.model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy",
                           steps_per_execution=STEPS_PER_EXECUTION)
        self.predict, self.prepare = make_predictor(backend, self.model, inputs)

    def set_rows(self, x, labels):
        self.x, self.labels = x, labels

    def train_epoch(self, batch):
        self.model.fit(self.x, self.labels, batch_size=batch, verbose=0)
