#!/usr/bin/env python3
"""Draws what compare.py measured: plot_peers.py RESULT.json NAME.svg (compare.py --plot does the same).

A bar is a peer's time as a multiple of libnn's, which is the line at 1: bars upwards are slower than
libnn, bars downwards faster. Each library has the time of the number of threads that it is fastest with.
There are bars for the epochs of all nets and for the predictions of the first.
"""

import argparse
import json
import math
import re
import subprocess
import sys

from report import in_words, threads_in_words

HEIGHT, WIDTH, GROUP_WIDTH = 440, 920, 118  # pixels; more than seven groups make it wider
MARGIN = 64  # pixels left of the bars
BAR = 0.86  # of a bar's share of the axis
# Okabe and Ito's colours, which the colour-blind can tell apart.
COLOURS = ("#d55e00", "#e69f00", "#0072b2", "#56b4e9", "#7f7f7f", "#009e73", "#cc79a7")
TICKS = [base * 10 ** power for power in range(-2, 5) for base in (1, 2, 5)]


def quoted(text):
    """In gnuplot's double quotes, where ` would start a command."""
    return json.dumps(text.replace("`", "'"), ensure_ascii=False)


def group(net, work):
    """A work's tick, and each peer's multiple of libnn's time."""
    fastest = {}
    for row in net["measurements"]:
        if row["work"] == work:
            fastest[row["name"]] = min(row["fastest"], fastest.get(row["name"], math.inf))
    libnn = fastest.pop("libnn")
    return {"tick": f"{work}\nlibnn {in_words(libnn)}",
            "multiples": {name: seconds / libnn for name, seconds in fastest.items()}}


def groups_of(nets):
    """For each net its groups: epochs, and for the first net predictions too."""
    result = []
    for net in nets:
        works = {row["work"]: row["step"] for row in net["measurements"]}
        result.append([group(net, work) for work, step in works.items()
                       if step or net is nets[0]])
    return result


def in_short(multiple):
    digits = 0 if multiple >= 9.95 else 1 if multiple >= 0.995 else 2
    return f"{multiple:.{digits}f}"


def versions(nets):
    """The libraries' names with their versions, libnn's first, without what a build adds to them."""
    return {it["name"]: f"{it['name']} {re.sub('[+][a-z0-9.]*', '', it['version'])}"
            for net in nets for it in net["libraries"]}


def titles(result):
    """What is drawn, and on what it was measured."""
    about, libraries = result["machine"], result["nets"][0]["libraries"]
    kernels = next((it["kernels"] for it in libraries if it["name"] == "libnn"), None)
    threads = {row["threads"] for net in result["nets"] for row in net["measurements"]}
    on = threads_in_words(threads.pop()) if len(threads) == 1 else "its best number of threads"
    place = f"{about['processor']}, {about['cores']} cores"
    if kernels:
        place += f", OpenBLAS's {kernels} kernels for libnn"
    return f"Times as multiples of libnn's, each library on {on} (lower is faster)", place


def bars(groups, names):
    """For each name the lines "x height left right" of its bars, and the labels to go with them."""
    blocks, labels = {name: [] for name in names}, []
    for x, it in enumerate(groups):
        present = [name for name in names if name in it["multiples"]]
        share = 0.84 / max(len(present), 4)
        for i, name in enumerate(present):
            middle = x + (i - (len(present) - 1) / 2) * share
            multiple = it["multiples"][name]
            low, high = min(1, multiple), max(1, multiple)
            half = BAR * share / 2
            blocks[name].append(f"{middle} {multiple} {middle - half} {middle + half} {low} {high}")
            labels.append(f"set label {quoted(in_short(multiple))} at {middle},{multiple} center "
                          f"offset 0,{0.55 if multiple >= 1 else -0.6} font ',9' front")
    return blocks, labels


def script(result, path):
    """The commands for gnuplot."""
    nets = [net for net in result["nets"] if net["measurements"]]
    nested = groups_of(nets)
    groups = [it for some in nested for it in some]
    known = versions(nets)
    names = [name for name in known if any(name in it["multiples"] for it in groups)]
    blocks, labels = bars(groups, names)
    multiples = [multiple for it in groups for multiple in it["multiples"].values()]
    low, high = min(multiples, default=1), max(multiples, default=1)
    low, high = min(0.8, low / 1.45), max(2, high * 4.5)  # room for numbers and the nets' names
    width = max(WIDTH, MARGIN + GROUP_WIDTH * len(groups))
    lines = [f"set terminal svg size {width},{HEIGHT} font 'sans,11' background 'white' noenhanced",
             f"set output {quoted(path)}", "set encoding utf8"]
    for name in names:
        lines += [f"$peer{names.index(name)} << end", *blocks[name], "end"]
    heading, place = map(quoted, titles(result))
    lines += [f"set label {heading} at screen 0.5,0.955 center font ',14'",
              f"set label {place} at screen 0.5,0.905 center font ',11' tc '#444444'",
              "set tmargin 4.2", "set bmargin 6.6", "set rmargin 1.5", "set logscale y",
              f"set yrange [{low}:{high}]", f"set xrange [-0.5:{len(groups) - 0.5}]",
              "set ytics (" + ", ".join(f"'{tick:g}×' {tick}" for tick in TICKS) + ") nomirror",
              "set grid ytics lc '#dddddd' lt 1", "set border 2 lc '#666666'", "set tics scale 0 tc 'black'",
              "set key at screen 0.5,0.02 bottom center horizontal maxrows 2 Left "
              "reverse samplen 1.2 width 1", "set style fill solid 1 noborder"]
    lines += labels
    start = 0
    for net, some in zip(nets, nested):
        end = start + len(some)
        name = quoted(f"{net['net']}\n{net['rows']:,} rows")
        lines.append(f"set label {name} at {(start + end - 1) / 2},graph 0.96 center "
                     "font ',10' tc '#444444'")
        if start > 0:
            lines.append(f"set arrow from {start - 0.5},graph 0 to {start - 0.5},graph 1 nohead "
                         "lc '#aaaaaa' dt 2")
        start = end
    lines.append("set xtics (" + ", ".join(f"{quoted(it['tick'])} {x}"
                                            for x, it in enumerate(groups)) + ") font ',10'")
    plots = [f"1 with lines lc 'black' lw 2 title {quoted(known['libnn'])}"]
    plots += [f"$peer{i} using 1:2:3:4:5:6 with boxxyerror lc '{COLOURS[i % len(COLOURS)]}' "
             f"title {quoted(known[name])}" for i, name in enumerate(names)]
    plots.append("1 with lines lc 'black' lw 2 notitle")  # over the bars
    return "\n".join(lines) + "\nplot " + ", ".join(plots) + "\n"


def draw(result, path):
    """Has gnuplot draw the result to an SVG file; ends the program where it can't."""
    try:
        done = subprocess.run(["gnuplot"], input=script(result, path), text=True, check=False)
    except OSError as error:
        sys.exit(f"gnuplot: {error}")
    if done.returncode != 0:
        sys.exit(f"gnuplot failed: {path} isn't drawn")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", metavar="RESULT.json")
    parser.add_argument("path", metavar="NAME.svg")
    options = parser.parse_args()
    with open(options.result, encoding="utf-8") as file:
        draw(json.load(file), options.path)


if __name__ == "__main__":
    main()
