#!/usr/bin/env python3
"""Times the main job of the program nn from its start to the saved model, against its median epoch.

nn train prints a line after each epoch. The time at which a line comes gives each epoch's time (with
the validation after it, as the job has it), what came before the first epoch and what after the last.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


class Failed(Exception):
    """The program didn't do the job."""


def file_of(directory, name):
    """As Debian has it, gzipped, or plain."""
    path = os.path.join(directory, name)
    return path + ".gz" if os.path.exists(path + ".gz") else path


def command_of(arguments, directory):
    return [
        arguments.nn, "train",
        "--images=" + file_of(arguments.data, "train-images-idx3-ubyte"),
        "--labels=" + file_of(arguments.data, "train-labels-idx1-ubyte"),
        "--layer=rescaling scale=0.00392156862745098; flatten",
        "--layer=dense units=300 activation=relu; dense units=100 activation=relu",
        "--layer=dense units=10 activation=softmax",
        "--optimizer=sgd learning_rate=0.01",
        "--validation-rows=5000",
        "--batch-size=32",
        f"--epochs={arguments.epochs}",
        "--history=" + os.path.join(directory, "history.csv"),
        "--output=" + os.path.join(directory, "model.safetensors"),
    ]


def run(arguments, directory):
    """The times of the summary, of the lines of epochs and of the end, from the start, and the last
    line of an epoch. The summary is printed as training begins, and "saved" at the very end."""
    start = time.monotonic()
    with subprocess.Popen(command_of(arguments, directory), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as process:
        ready, ends, last = None, [], ""
        for line in process.stdout:
            now = time.monotonic() - start
            if line.startswith("Epoch "):
                ends.append(now)
                last = line.strip()
            elif not ends:
                ready = now
        status = process.wait()
    whole = time.monotonic() - start
    if status != 0:
        raise Failed(f"{arguments.nn} ended with {status}")
    if ready is None or len(ends) != arguments.epochs:
        raise Failed(f"{len(ends)} lines of epochs came instead of {arguments.epochs}")
    if not os.path.getsize(os.path.join(directory, "model.safetensors")):
        raise Failed("the saved model is empty")
    return ready, ends, whole, last


def report(ready, ends, whole, last):
    epochs = [end - begin for begin, end in zip([ready] + ends, ends)]
    median = statistics.median(epochs)
    print(last)
    print(f"whole job {whole:.3f} s, median of {len(epochs)} epochs {median:.4f} s, "
          f"ratio {whole / median:.2f}")
    print(f"  before the first epoch {ready:.3f} s ({ready / median:.2f} epochs), "
          f"epochs {ends[-1] - ready:.3f} s ({(ends[-1] - ready) / median:.2f}), "
          f"after the last {whole - ends[-1]:.3f} s ({(whole - ends[-1]) / median:.2f})")
    print(f"  epochs from {min(epochs):.4f} to {max(epochs):.4f} s, the first {epochs[0]:.4f}")
    return whole / median


def read_arguments():
    def count(text):
        value = int(text)
        if value < 1:
            raise ValueError
        return value

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nn", default=os.path.join(ROOT, "build", "release", "src", "cli", "nn"),
                        help="the program (build/release/src/cli/nn, which tests/run.sh builds)")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist",
                        help="directory of the IDX files (%(default)s)")
    parser.add_argument("--epochs", type=count, default=30, help="(%(default)s)")
    parser.add_argument("--runs", type=count, default=1, help="times the job is done (%(default)s)")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    ratios = []
    try:
        for _ in range(arguments.runs):
            with tempfile.TemporaryDirectory() as directory:
                ratios.append(report(*run(arguments, directory)))
    except (Failed, OSError) as error:
        print(f"whole_job.py: {error}", file=sys.stderr)
        return 1
    if len(ratios) > 1:
        print(f"median ratio of {len(ratios)} runs: {statistics.median(ratios):.2f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
