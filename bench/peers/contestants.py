"""The processes that compare.py races: a library each, with a number of threads."""

import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = ("torch", "keras", "keras_jax", "sklearn", "onnxruntime", "fann")
THREAD_VARIABLES = ("NN_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                    "BLIS_NUM_THREADS", "MKL_NUM_THREADS")
PAUSE = 0.3  # seconds; after them the threads of the one before sleep


class Gone(Exception):
    """A library that can't be loaded, or that failed."""


class Contestant:
    """A library with a number of threads (0: its default, all cores)."""

    def __init__(self, command, threads):
        self.threads = threads
        self.peak_memory_mb = None
        environment = dict(os.environ)
        environment.pop("KERAS_BACKEND", None)  # each peer has its own
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
        about = self.answer()
        self.name, self.version = about["name"], about["version"]
        self.kernels = about.get("kernels")
        self.trains = about.get("trains", True)
        self.slow = about.get("slow", False)
        if self.slow:
            self.threads = about["threads"]

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


def rehearse(command, works, model):
    """Lets libnn do each work, to see how often it does it in a turn, and then save its model."""
    libnn = Contestant(command, 0)
    for work in works:
        work.set_times(min(libnn.tell(*work.command, 2)["seconds"]))
    libnn.tell("save", model)
    libnn.end()


def gather(options, arguments, model):
    """All contestants that can be had, libnn first, and why others can't. The arguments say what net and
    rows they get; those that only predict get the model, which libnn trained."""
    contestants, missing = [], {}

    def add(command, name, threads):
        try:
            contestants.append(Contestant(command + arguments, threads))
        except Gone as reason:
            if name not in missing:
                print(f"{name} is left out: {reason}", file=sys.stderr)
            missing[name] = str(reason)

    def add_fann():
        program = os.path.join(os.path.dirname(options.libnn), "bench-fann")
        if os.path.exists(program):
            add([program, "--commands"], "fann", 1)
        else:
            missing["fann"] = "bench-fann isn't built, which needs Debian's libfann-dev"
            print(f"fann is left out: {missing['fann']}", file=sys.stderr)

    for threads in options.threads:
        add([options.libnn, "--commands"], "libnn", threads)
    for name in options.peers:
        if name == "fann":
            add_fann()
            continue
        for threads in options.threads:
            add([options.python, os.path.join(HERE, "peer.py"), name, "--threads", str(threads),
                 "--model", model], name, threads)
    return contestants, missing


def run_rounds(contestants, missing, rounds, works, all_threads):
    """Has each contestant do each work in its turn; those that fail join the missing. What comes back
    has the seconds of all rounds under (label of the work, name, threads)."""
    times = {}
    for turn in range(rounds):
        for work in works:
            shift = turn % len(contestants)
            for contestant in contestants[shift:] + contestants[:shift]:
                if contestant.name in missing or contestant.slow and turn > 0:
                    continue
                if work.steps and not contestant.trains:
                    continue
                time.sleep(PAUSE)
                try:
                    seconds = contestant.tell(*work.command, work.times)["seconds"]
                except Gone as reason:
                    print(f"{contestant.name} failed at {work.label}: {reason}", file=sys.stderr)
                    missing[contestant.name] = str(reason)
                    continue
                # What is slow and has threads of its own number stands beside all of the others.
                for threads in all_threads if contestant.slow else [contestant.threads]:
                    times.setdefault((work.label, contestant.name, threads), []).extend(seconds)
        print(f"round {turn + 1} of {rounds} done", file=sys.stderr)
    return times
