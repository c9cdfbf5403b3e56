"""Another library doing libnn's main job: peer.py NAME [--threads N] [--widths N,N,...] [--rows N]
[--data DIR] [--model FILE]

A net of dense layers (784-300-100-10, relu and softmax) learns Fashion-MNIST's training rows from the
5,001st on by plain gradient descent with a rate of 0.01. Commands come on standard input and are
answered by one line of JSON each, as by bench-main-job (see job_commands.h): train BATCH EPOCHS,
predict ROWS CALLS, accuracy.
"""

import argparse
import functools
import importlib
import json
import os
import sys
import time

import fashion_mnist


class Work:
    """The data of a peer, read when first needed, and what it is told to do with them."""

    def __init__(self, peer, directory, rows):
        self.peer = peer
        self.directory = directory
        self.rows = rows

    @functools.cached_property
    def train_rows(self):
        return fashion_mnist.train_rows(self.directory, self.rows)

    @functools.cached_property
    def test_rows(self):
        return fashion_mnist.test_rows(self.directory)

    def train(self, batch, epochs):
        """Seconds of each epoch; each takes the rows in a new order."""
        self.peer.set_rows(*self.train_rows)
        seconds = []
        for _ in range(epochs):
            start = time.perf_counter()
            self.peer.train_epoch(batch)
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    def predict(self, rows, calls):
        """Seconds of one call, the mean of all after a first one."""
        if rows > len(self.test_rows[0]):
            raise ValueError(f"predict {rows}: there are fewer test rows")
        x = self.peer.prepare(self.test_rows[0][:rows])
        self.peer.predict(x)
        start = time.perf_counter()
        for _ in range(calls):
            self.peer.predict(x)
        return {"seconds": [(time.perf_counter() - start) / calls]}

    def accuracy(self):
        x, labels = self.test_rows
        y = self.peer.predict(self.peer.prepare(x))
        return {"accuracy": float((y.argmax(1) == labels).mean())}


def say(answer, to):
    to.write(json.dumps(answer) + "\n")
    to.flush()


def main():
    parser = argparse.ArgumentParser(description="libnn's main job in another library")
    parser.add_argument("name", help="torch, keras, keras_jax, sklearn, onnxruntime")
    parser.add_argument("--threads", type=int, default=0, help="0: the library's own default")
    parser.add_argument("--widths", type=lambda text: [int(part) for part in text.split(",")],
                        default=[784, 300, 100, 10], help="inputs, units of each layer")
    parser.add_argument("--rows", type=int, default=0, help="rows to train on; 0: all")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--model", help="a model saved by libnn, for onnxruntime")
    options = parser.parse_args()

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints doesn't get among the answers
    peer = importlib.import_module("peer_" + options.name).Peer(options)
    trains = hasattr(peer, "train_epoch")
    say({"name": peer.name, "version": peer.version, "trains": trains}, answers)
    work = Work(peer, options.data, options.rows)
    for line in sys.stdin:
        command, *numbers = line.split()
        say(getattr(work, command)(*map(int, numbers)), answers)


if __name__ == "__main__":
    main()
