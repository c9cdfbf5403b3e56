"""Keras 3 on JAX."""

import os

os.environ["KERAS_BACKEND"] = "jax"  # read as Keras is loaded

from peer_keras import Peer  # noqa: E402, F401
