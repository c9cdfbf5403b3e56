"""Made-up rows in files like Fashion-MNIST's, of another width and number of classes.

Each class has a centre, a row of random bytes. It makes a quarter of the values of the class's rows,
noise the rest, which leaves a net something to learn. The bytes come from Python's random.Random(1),
which gives the same on every machine.
"""

import os
import random


def write_idx(path, shape, rows):
    """An IDX file (http://yann.lecun.com/exdb/mnist/) of bytes objects, one a row."""
    with open(path, "wb") as file:
        file.write(bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape))
        file.writelines(rows)


def write(directory, width, classes, rows):
    """Writes images of 1 x width and labels: rows["train"] and rows["t10k"] of them."""
    generator = random.Random(1)

    def share(bits):
        """A row of random bytes, each shifted right by so many bits, as one large number."""
        mask = bytes([255 >> bits]) * width
        values = int.from_bytes(generator.randbytes(width), "little") >> bits
        return values & int.from_bytes(mask, "little")

    centres = [share(2) for _ in range(classes)]
    for part, count in rows.items():
        labels = [generator.randrange(classes) for _ in range(count)]
        images = ((centres[label] + share(1) + share(2)).to_bytes(width, "little")
                  for label in labels)
        prefix = os.path.join(directory, part)
        write_idx(prefix + "-images-idx3-ubyte", (count, 1, width), images)
        write_idx(prefix + "-labels-idx1-ubyte", (count,), [bytes(labels)])
