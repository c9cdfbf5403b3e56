#!/usr/bin/env python3
"""Compares libnn's main job with the same in other libraries, in turns on this machine.

Each library is a process of its own (bench-main-job, bench-fann, peer.py) that stays loaded and sleeps
while the others have their turn. For each net, in each round every one trains an epoch with each batch
size, or some where they are short; then they predict, in rounds again. Of all epochs and rounds the
fastest counts. A library that calls itself slow (FANN) has one round. Ratios are libnn's time over the
peer's.

A net is WIDTHS[@BATCHES][:ROWS], such as 784-300-100-10@32,128,1024 or 32-64-10:5500. Batches are 32
unless they are given, rows 55,000, or 10,240 for nets of more than a million weights. With 784 inputs it
learns Fashion-MNIST, with any other number made-up rows (synthetic_rows.py).
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile

import nets
import plot_peers
import report
from contestants import HERE, PEERS, Gone, gather, rehearse, run_rounds

ROOT = os.path.dirname(os.path.dirname(HERE))
NETS = ("784-300-100-10@32,128,1024", "784-2048-2048-10@256", "32-64-64-10@32")


def machine():
    model = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            line = next(line for line in info if line.startswith("model name"))
        model = line.split(":", 1)[1].strip()
    except (OSError, StopIteration):
        pass
    return {"host": platform.node(), "processor": model, "cores": len(os.sched_getaffinity(0)),
            "system": platform.platform(), "load_before": os.getloadavg()[0]}


def race(options, net, directory):
    """All that was measured with a net; the directory is for files that the contestants read."""
    works = nets.works(net)
    model = os.path.join(directory, "model.safetensors")
    arguments = net.arguments(net.rows_in(options.data, directory))
    try:
        rehearse([options.libnn, "--commands"] + arguments, works, model)
    except Gone as reason:
        sys.exit(f"without libnn there is nothing to compare ({reason}): build it, or name the "
                 "program by --libnn")
    if options.epochs_per_round:
        for work in works:
            work.times = options.epochs_per_round if work.steps else work.times
    print(f"{net}, {net.rows:,} rows of {net.data_name}", file=sys.stderr)
    contestants, missing = gather(options, arguments, model)

    def run(some):
        times = run_rounds(contestants, missing, options.rounds, some, options.threads)
        if "libnn" in missing:
            sys.exit("without libnn there is nothing to compare")
        return times

    times = run([work for work in works if work.steps])
    for contestant in contestants:
        if contestant.trains and contestant.name not in missing:
            contestant.note_memory()
    times.update(run([work for work in works if not work.steps]))
    libraries = report.libraries(contestants, missing)
    for contestant in contestants:
        contestant.end()
    return {"net": str(net), "rows": net.rows, "data": net.data_name, "libraries": libraries,
            "missing": missing, "measurements": report.measurements(works, times)}


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def number(text):
        value = int(text)
        if value < 1:
            raise ValueError
        return value

    def numbers(text):
        return [0 if part == "all" else number(part) for part in text.split(",")]

    def net(text):
        try:
            return nets.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    def peers(text):
        names = text.split(",")
        for name in names:
            if name not in PEERS:
                raise argparse.ArgumentTypeError(f"'{name}' isn't one of {', '.join(PEERS)}")
        return names

    def writable(path):  # said now, not after the race
        if not os.access(os.path.dirname(path) or ".", os.W_OK) or os.path.isdir(path):
            raise argparse.ArgumentTypeError(f"'{path}' can't be written")
        return path

    program = os.path.join(ROOT, "build/release/bench/peers/bench-main-job")
    parser.add_argument("--nets", type=net, nargs="+", default=list(map(net, NETS)), metavar="NET",
                        help=" ".join(NETS))
    parser.add_argument("--libnn", default=program,
                        help="the program bench-main-job; bench-fann is beside it (%(default)s)")
    parser.add_argument("--venv", default=os.path.join(ROOT, "build/peers-venv"),
                        help="the environment that peers.sh made (%(default)s)")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist",
                        help="directory of the IDX files (%(default)s)")
    parser.add_argument("--peers", type=peers, default=list(PEERS),
                        help="names with commas between them: " + ",".join(PEERS))
    parser.add_argument("--threads", type=numbers, default=[0, 1], help="(all,1)")
    parser.add_argument("--rounds", type=number, default=6, help="turns of each library (6)")
    parser.add_argument("--epochs-per-round", type=number,
                        help="epochs in a turn (as many as libnn needs for 50 ms)")
    parser.add_argument("--json", type=writable, help="write all measurements to this file")
    parser.add_argument("--plot", type=writable, metavar="NAME.svg",
                        help="draw the measurements, by gnuplot")
    options = parser.parse_args()
    options.python = os.path.join(options.venv, "bin/python")
    if not os.path.exists(options.python) and set(options.peers) != {"fann"}:
        parser.error(f"no environment in {options.venv}: make it by bench/peers/peers.sh")
    if options.plot and not shutil.which("gnuplot"):
        parser.error("--plot needs gnuplot")
    return options


def main():
    options = parse_options()
    about = machine()
    result = {"machine": about, "nets": []}
    report.print_machine(about)
    for net in options.nets:
        with tempfile.TemporaryDirectory() as directory:
            result["nets"].append(race(options, net, directory))
        report.print_net(result["nets"][-1])
    about["load_after"] = os.getloadavg()[0]
    print(f"\nload average {about['load_before']:.1f} before and {about['load_after']:.1f} after: "
          "one busy library alone makes up to 1 a thread")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    if options.plot:
        plot_peers.draw(result, options.plot)


if __name__ == "__main__":
    main()
