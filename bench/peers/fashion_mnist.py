"""Fashion-MNIST, or rows like it, from IDX files (http://yann.lecun.com/exdb/mnist/), gzipped or plain."""

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


def load(directory, part, first=0, count=None):
    """The pixels of some rows as float32 [rows, pixels] from 0 to 1, and the labels as int32 [rows]."""
    images = read_idx(directory, part + "-images-idx3-ubyte")[first:]
    labels = read_idx(directory, part + "-labels-idx1-ubyte")[first:]
    count = count or len(images)
    if not 0 < count <= len(images):
        raise ValueError(f"{directory}: there are too few rows")
    x = images[:count].reshape(count, -1).astype(numpy.float32)
    x /= numpy.float32(255)
    return x, labels[:count].astype(numpy.int32)


def train_rows(directory, count):
    """The rows to train on: so many (0: all) after the first 5,000, which validate."""
    return load(directory, "train", VALIDATION_ROWS, count)


def test_rows(directory):
    return load(directory, "t10k")
