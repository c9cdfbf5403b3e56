#!/usr/bin/env python3
"""Tests of what compare.py does without other libraries: test_peers.py BENCH_MAIN_JOB [BENCH_FANN]"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest

import nets
import plot_peers
import synthetic_rows

PROGRAMS = [os.path.abspath(path) for path in sys.argv[1:]]
HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES, WIDTH = 4, 16


class Nets(unittest.TestCase):
    def test_texts_stand_for_nets(self):
        for text, widths, batches, rows in (
                ("784-300-100-10", [784, 300, 100, 10], [32], 55000),
                ("784-300-100-10@32,128,1024", [784, 300, 100, 10], [32, 128, 1024], 55000),
                ("784-2048-2048-10@256", [784, 2048, 2048, 10], [256], 10240),
                ("32-3@1:500", [32, 3], [1], 500),
                ("784-2048-2048-10:55000", [784, 2048, 2048, 10], [32], 55000)):
            with self.subTest(text):
                net = nets.parse(text)
                self.assertEqual((net.widths, net.batches, net.rows), (widths, batches, rows))

    def test_other_texts_are_refused(self):
        for text in ("", "784", "784-10@", "784-10@32,", "784-10:", "784-10@0", "784-10:0", "0-10",
                     "784-x-10", "784-9", "32-2", "32-257", "32-10:55001", "32--10", "784-10@32:1:2",
                     "-".join(["9"] * 17), "32-1000001-10"):
            with self.subTest(text), self.assertRaises(ValueError):
                nets.parse(text)

    def test_a_turn_of_short_work_repeats_it(self):
        work = nets.Work("epoch", ("train", 32), 1)
        for seconds, times in ((1.0, 1), (0.051, 1), (0.02, 3), (1e-6, 2000)):
            work.set_times(seconds)
            self.assertEqual(work.times, times)


class Files(unittest.TestCase):
    """Those with made-up rows in a directory."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.data = self.directory.name

    def path(self, name):
        return os.path.join(self.data, name)


class Rows(Files):
    def test_made_up_rows_are_always_the_same(self):
        synthetic_rows.write(self.data, WIDTH, CLASSES, {"train": 100, "t10k": 10})
        digest = hashlib.sha256()
        for name in sorted(os.listdir(self.data)):
            with open(self.path(name), "rb") as file:
                digest.update(file.read())
        self.assertEqual(digest.hexdigest(),
                         "0df280421600151a1618926073464d3117403e7cf305c37fcbf191566b20549a")


class Commands(Files):
    """What every contestant in C does."""

    def setUp(self):
        super().setUp()
        synthetic_rows.write(self.data, WIDTH, CLASSES, {"train": 7000, "t10k": 500})

    def tell(self, program, commands, *arguments, widths=f"{WIDTH},{CLASSES}"):
        return subprocess.run([program, "--commands", "--data", self.data, "--widths", widths,
                               *arguments], input=commands, capture_output=True, text=True,
                              timeout=100, check=False)

    def test_they_learn_the_rows_and_say_how_long_it_took(self):
        for program in PROGRAMS:
            with self.subTest(program):
                done = self.tell(program, "accuracy\ntrain 1 10\ntrain 32 2\npredict 500 2\naccuracy\n")
                self.assertEqual((done.stderr, done.returncode), ("", 0))
                about, before, one, many, predicted, after = map(json.loads, done.stdout.splitlines())
                self.assertLessEqual({"name", "version", "threads"}, set(about))
                self.assertEqual([len(it["seconds"]) for it in (one, many, predicted)], [10, 2, 1])
                self.assertTrue(all(second > 0 for it in (one, many, predicted)
                                    for second in it["seconds"]))
                self.assertLess(before["accuracy"], 0.5)
                self.assertGreater(after["accuracy"], 0.6)

    def test_what_they_cannot_do_ends_them_with_a_message(self):
        for program in PROGRAMS:
            for commands, widths, arguments in (
                    ("train 0 1\n", None, ()), ("sing\n", None, ()), ("predict 501 1\n", None, ()),
                    ("train 1 1\n", None, ("--rows", "2001")), ("train 1 1\n", "17,4", ()),
                    ("train 1 1\n", "16,3", ()), ("accuracy\n", "16,3", ()), ("", "16", ())):
                with self.subTest(program, commands=commands, widths=widths, arguments=arguments):
                    done = self.tell(program, commands, *arguments,
                                     widths=widths or f"{WIDTH},{CLASSES}")
                    self.assertGreater(done.returncode, 0)
                    self.assertNotEqual(done.stderr, "")


class Race(Files):
    def test_a_race_with_fann_or_without(self):
        result, rounds = self.path("result.json"), 2
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "compare.py"), "--libnn", PROGRAMS[0], "--peers",
             "fann", "--nets", "16-8-4@8:500", "16-4@500:500", "--threads", "all,1", "--rounds",
             str(rounds), "--epochs-per-round", "3", "--json", result],
            capture_output=True, text=True, timeout=100, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(result, encoding="utf-8") as file:
            measured = json.load(file)
        self.assertEqual([net["net"] for net in measured["nets"]], ["16-8-4", "16-4"])
        names = ["libnn"] + ["FANN"] * (len(PROGRAMS) > 1)
        for net in measured["nets"]:
            self.assertEqual("fann" in net["missing"], len(PROGRAMS) < 2)
            rows = {(row["work"].split()[0].strip(","), row["threads"], row["name"]): row["seconds"]
                    for row in net["measurements"] if row["work"] != "predict one row"}
            expected = {(work, threads, name): (1 if name == "FANN" else rounds) * times
                        for work, times in (("epoch", 3), ("predict", 1))
                        for threads in (0, 1) for name in names}
            self.assertEqual({key: len(seconds) for key, seconds in rows.items()}, expected)
            self.assertEqual({it["name"] for it in net["libraries"]}, set(names))
        script = plot_peers.script(measured, "x.svg")
        self.assertEqual("FANN" in script, "FANN" in names)


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1])
