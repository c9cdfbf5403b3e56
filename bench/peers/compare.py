#!/usr/bin/env python3
"""Compares libnn's main job with the same in other libraries, in turns on this machine.

Each library is a process of its own (bench-main-job, peer.py) that stays loaded and sleeps while the
others have their turn. In each round every one trains one epoch with each batch size; then they
predict, in rounds again. Of all rounds the fastest counts. Ratios are libnn's time over the peer's.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEERS = ("torch", "keras", "sklearn", "onnxruntime")
THREAD_VARIABLES = ("NN_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                    "BLIS_NUM_THREADS", "MKL_NUM_THREADS")
PAUSE = 0.3  # seconds; after them the threads of the one before sleep


class Gone(Exception):
    """A library that can't be loaded, or that failed."""


class Contestant:
    """A library with a number of threads (0: its default, all cores)."""

    def __init__(self, command, name, threads):
        self.threads = threads
        self.peak_memory_mb = None
        environment = dict(os.environ)
        for variable in THREAD_VARIABLES:
            environment.pop(variable, None)
            if threads:
                environment[variable] = str(threads)
        self.log = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(command, env=environment, text=True, stderr=self.log,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise Gone(str(error)) from error
        self.name = name
        about = self.answer()
        self.name, self.version = about["name"], about["version"]
        self.trains = about.get("trains", True)

    def answer(self):
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            self.process.wait()
            self.log.seek(0)
            lines = self.log.read().strip().splitlines()
            raise Gone(lines[-1] if lines else f"ended with {self.process.returncode}")
        return json.loads(line)

    def tell(self, *command):
        try:
            self.process.stdin.write(" ".join(map(str, command)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # answer says why
        return self.answer()

    def note_memory(self):
        """The most that the process had in memory so far."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    self.peak_memory_mb = int(line.split()[1]) / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


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


def gather(options, python, model):
    """All contestants that can be had, libnn first, and why others can't. Those that only predict
    get a model that libnn trained for an epoch."""
    contestants, missing = [], {}

    def add(command, name, threads):
        try:
            contestants.append(Contestant(command, name, threads))
        except Gone as reason:
            if name not in missing:
                print(f"{name} is left out: {reason}", file=sys.stderr)
            missing[name] = str(reason)

    for threads in options.threads:
        add([options.libnn, "--commands", "--data", options.data], "libnn", threads)
    if missing:
        sys.exit("without libnn there is nothing to compare: build it, or name the program by --libnn")
    trained = Contestant([options.libnn, "--commands", "--data", options.data], "libnn", 0)
    trained.tell("train", 32, 1)
    trained.tell("save", model)
    trained.end()
    for name in options.peers:
        for threads in options.threads:
            add([python, os.path.join(HERE, "peer.py"), name, "--threads", str(threads), "--data",
                 options.data, "--model", model], name, threads)
    return contestants, missing


def run_rounds(contestants, missing, rounds, works, needed, times):
    """times[work, name, threads] gets the seconds of each round; a work is (label, command...)."""
    for turn in range(rounds):
        for label, *command in works:
            shift = turn % len(contestants)
            for contestant in contestants[shift:] + contestants[:shift]:
                if not needed(contestant) or contestant.name in missing:
                    continue
                time.sleep(PAUSE)
                try:
                    seconds = contestant.tell(*command)["seconds"]
                except Gone as reason:
                    print(f"{contestant.name} failed at {label}: {reason}", file=sys.stderr)
                    missing[contestant.name] = str(reason)
                    continue
                times.setdefault((label, contestant.name, contestant.threads), []).extend(seconds)
        print(f"round {turn + 1} of {rounds} done", file=sys.stderr)


def in_words(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 0.1:
            break
    return f"{seconds * scale:.3g} {unit}"


def threads_in_words(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}" if threads else "all cores"


def report_libraries(contestants, missing):
    """Prints and returns what took part; the accuracies show that all did the same work."""
    libraries = []
    for it in contestants:
        if it.name in missing:
            continue
        accuracy = it.tell("accuracy")["accuracy"]
        libraries.append({"name": it.name, "version": it.version, "threads": it.threads,
                          "accuracy": accuracy, "peak_memory_mb": it.peak_memory_mb})
        memory = f", at most {it.peak_memory_mb:.0f} MB while training" if it.peak_memory_mb else ""
        print(f"    {it.name} {it.version}, {threads_in_words(it.threads)}: "
              f"test accuracy {accuracy:.4f}{memory}")
    for name, reason in missing.items():
        print(f"    {name} is left out: {reason}")
    return libraries


def report_times(times):
    """Prints the table; the rows of it are returned."""
    rows = []
    for label, threads in dict.fromkeys((label, threads) for label, _, threads in times):
        print(f"\n{label}, {threads_in_words(threads)}")
        print(f"    {'':<16}{'fastest':>10}{'median':>10}{'rounds':>8}{'libnn/it':>10}")
        libnn = min(times[label, "libnn", threads])
        for (work, name, count), seconds in times.items():
            if (work, count) != (label, threads):
                continue
            median = sorted(seconds)[len(seconds) // 2]
            rows.append({"work": label, "threads": threads, "name": name, "seconds": seconds,
                         "fastest": min(seconds), "median": median,
                         "libnn_ratio": libnn / min(seconds)})
            print(f"    {name:<16}{in_words(min(seconds)):>10}{in_words(median):>10}"
                  f"{len(seconds):>8}{libnn / min(seconds):>10.3f}")
    return rows


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

    program = os.path.join(ROOT, "build/release/bench/peers/bench-main-job")
    parser.add_argument("--libnn", default=program,
                        help="the program bench-main-job (%(default)s)")
    parser.add_argument("--venv", default=os.path.join(ROOT, "build/peers-venv"),
                        help="the environment that peers.sh made (%(default)s)")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist",
                        help="directory of the IDX files (%(default)s)")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(PEERS),
                        help="names with commas between them: " + ",".join(PEERS))
    parser.add_argument("--batches", type=lambda text: [number(part) for part in text.split(",")],
                        default=[32, 128, 1024], help="(32,128,1024)")
    parser.add_argument("--threads", type=numbers, default=[0, 1], help="(all,1)")
    parser.add_argument("--rounds", type=number, default=6, help="epochs with each batch size (6)")
    parser.add_argument("--json", help="write all measurements to this file")
    return parser.parse_args()


def main():
    options = parse_options()
    python = os.path.join(options.venv, "bin/python")
    if not os.path.exists(python):
        sys.exit(f"no environment in {options.venv}: make it by bench/peers/peers.sh")
    result = {"machine": machine()}
    with tempfile.TemporaryDirectory() as directory:
        contestants, missing = gather(options, python, os.path.join(directory, "model.safetensors"))
    trainings = [(f"epoch of 55,000 rows, batch {batch}", "train", batch, 1)
                 for batch in options.batches]
    predictions = [("predict 10,000 rows", "predict", 10000, 4),
                   ("predict one row", "predict", 1, 2000)]
    times = {}
    run_rounds(contestants, missing, options.rounds, trainings, lambda it: it.trains, times)
    for contestant in contestants:
        if contestant.trains and contestant.name not in missing:
            contestant.note_memory()
    run_rounds(contestants, missing, options.rounds, predictions, lambda it: True, times)

    about = result["machine"]
    about["load_after"] = os.getloadavg()[0]
    print(f"{about['processor']}, {about['cores']} cores, {about['system']}, host {about['host']}")
    result["libraries"] = report_libraries(contestants, missing)
    result["missing"] = missing
    result["measurements"] = report_times(times)
    print(f"\nload average {about['load_before']:.1f} before and {about['load_after']:.1f} after: "
          "one busy library alone makes up to 1 a thread")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    for contestant in contestants:
        contestant.end()


if __name__ == "__main__":
    main()
