"""The nets that compare.py races with, and the work on each."""

import dataclasses
import math
import re

import synthetic_rows

FASHION_MNIST_INPUTS, FASHION_MNIST_CLASSES, FASHION_MNIST_ROWS = 784, 10, 55000
VALIDATION_ROWS, TEST_ROWS = 5000, 10000
MOST_LAYERS = 15
WIDE, WIDE_ROWS = 1000000, 10240  # nets of more weights train on fewer rows
TURN = 0.05  # seconds; libnn takes at least as long for what is timed in one turn


@dataclasses.dataclass
class Net:
    """784-300-100-10@32,128:5500 is a net of dense layers with 784 inputs and 10 classes, trained on
    5,500 rows with batches of 32 and of 128."""

    widths: list
    batches: list
    rows: int

    def __str__(self):
        return "-".join(map(str, self.widths))

    @property
    def is_fashion_mnist(self):
        return self.widths[0] == FASHION_MNIST_INPUTS

    @property
    def data_name(self):
        return "Fashion-MNIST" if self.is_fashion_mnist else "made-up data"

    def arguments(self, data):
        """What tells a contestant about the net and the directory of its rows."""
        return ["--widths", ",".join(map(str, self.widths)), "--rows", str(self.rows), "--data", data]

    def rows_in(self, fashion_mnist, directory):
        """The directory of the net's rows: fashion_mnist, or the other, where they are written."""
        if self.is_fashion_mnist:
            return fashion_mnist
        rows = {"train": VALIDATION_ROWS + self.rows, "t10k": TEST_ROWS}
        synthetic_rows.write(directory, self.widths[0], self.widths[-1], rows)
        return directory


def parse(text):
    """The net that a text stands for; ValueError says what is wrong with it."""
    match = re.fullmatch(r"(\d+(?:-\d+)+)(?:@(\d+(?:,\d+)*))?(?::(\d+))?", text, re.ASCII)
    if match is None:
        raise ValueError(f"'{text}' isn't a net like 784-300-100-10@32,128 or 32-64-10@32:5500")
    widths = [int(part) for part in match[1].split("-")]
    weights = sum((inputs + 1) * units for inputs, units in zip(widths, widths[1:]))
    batches = [int(part) for part in (match[2] or "32").split(",")]
    rows = int(match[3] or (WIDE_ROWS if weights > WIDE else FASHION_MNIST_ROWS))
    if min(widths + batches + [rows]) == 0:
        raise ValueError(f"'{text}': widths, batches and rows start at 1")
    if max(widths + batches) > 1000000 or len(widths) > MOST_LAYERS + 1:
        raise ValueError(f"'{text}': at most {MOST_LAYERS} layers, widths and batches to 1000000")
    if rows > FASHION_MNIST_ROWS:
        raise ValueError(f"'{text}': there are {FASHION_MNIST_ROWS} rows")
    if widths[0] == FASHION_MNIST_INPUTS and widths[-1] < FASHION_MNIST_CLASSES:
        raise ValueError(f"'{text}': Fashion-MNIST has {FASHION_MNIST_CLASSES} classes")
    if not 3 <= widths[-1] <= 256:  # of two, scikit-learn would make one output
        raise ValueError(f"'{text}': 3 to 256 classes")
    return Net(widths, batches, rows)


@dataclasses.dataclass
class Work:
    """Something to time: a command that is told several times in a turn, with a number of repetitions
    as its last word. An epoch has so many steps; a prediction has none."""

    label: str
    command: tuple
    steps: int = 0
    times: int = 1

    def set_times(self, seconds):
        """So many repetitions in a turn that libnn, which takes so long for one, needs a while."""
        self.times = max(1, min(2000, math.ceil(TURN / seconds)))


def works(net):
    """What there is to time with a net: trainings, then predictions."""
    return [Work(f"epoch, batch {batch}", ("train", batch), -(-net.rows // batch))
            for batch in net.batches] + [Work("predict 10,000 rows", ("predict", TEST_ROWS)),
                                         Work("predict one row", ("predict", 1))]
