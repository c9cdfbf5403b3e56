"""Fashion-MNIST from its IDX files (http://yann.lecun.com/exdb/mnist/), gzipped or plain."""

import gzip
import os

import numpy

VALIDATION_ROWS = 5000


def read_idx(directory, name):
    path = os.path.join(directory, name)
    opener = open
    if os.path.exists(path + ".gz"):
        path, opener = path + ".gz", gzip.open
    with opener(path, "rb") as file:
        content = file.read()
    zero, kind, rank = int.from_bytes(content[:2], "big"), content[2], content[3]
    if zero != 0 or kind != 8:
        raise ValueError(f"{path}: not an IDX file of unsigned bytes")
    shape = numpy.frombuffer(content, ">u4", rank, 4)
    return numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def load(directory, part):
    """The pixels as float32 [rows, 784] from 0 to 1, and the labels as int32 [rows]."""
    images = read_idx(directory, part + "-images-idx3-ubyte")
    labels = read_idx(directory, part + "-labels-idx1-ubyte")
    x = images.reshape(len(images), -1).astype(numpy.float32) / numpy.float32(255)
    return x, labels.astype(numpy.int32)


def train_rows(directory):
    """The rows to train on: all but the first 5,000, which validate."""
    x, labels = load(directory, "train")
    return x[VALIDATION_ROWS:].copy(), labels[VALIDATION_ROWS:].copy()


def test_rows(directory):
    return load(directory, "t10k")
