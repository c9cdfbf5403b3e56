"""What compare.py measured, as data and as text."""

import sys

from contestants import Gone


def in_words(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 0.1:
            break
    return f"{seconds * scale:.3g} {unit}"


def threads_in_words(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}" if threads else "all cores"


def libraries(contestants, missing):
    """Who took part; the accuracies show that all did the same work."""
    result = []
    for it in contestants:
        if it.name in missing:
            continue
        try:
            accuracy = it.tell("accuracy")["accuracy"]
        except Gone as reason:
            print(f"{it.name} failed at the accuracy: {reason}", file=sys.stderr)
            missing[it.name] = str(reason)
            continue
        result.append({"name": it.name, "version": it.version, "threads": it.threads,
                       "slow": it.slow, "kernels": it.kernels, "accuracy": accuracy,
                       "peak_memory_mb": it.peak_memory_mb})
    return result


def measurements(works, times):
    """A row for each work, number of threads and library, from the times of contestants.run_rounds."""
    steps = {work.label: work.steps for work in works}
    rows = []
    for (label, name, threads), seconds in times.items():
        fastest, libnn = min(seconds), min(times[label, "libnn", threads])
        rows.append({"work": label, "threads": threads, "name": name, "seconds": seconds,
                     "fastest": fastest, "median": sorted(seconds)[len(seconds) // 2],
                     "step": fastest / steps[label] if steps[label] else None,
                     "libnn_ratio": libnn / fastest})
    return rows


def print_machine(about):
    print(f"{about['processor']}, {about['cores']} cores, {about['system']}, host {about['host']}")


def print_libraries(net):
    for it in net["libraries"]:
        threads = threads_in_words(it["threads"])
        if it["slow"]:
            threads += " in all tables, one round"
        memory = ""
        if it["peak_memory_mb"]:
            memory = f", at most {it['peak_memory_mb']:.0f} MB while training"
        print(f"    {it['name']} {it['version']}, {threads}: "
              f"test accuracy {it['accuracy']:.4f}{memory}")
    for name, reason in net["missing"].items():
        print(f"    {name} is left out: {reason}")


def print_net(net):
    print(f"\n{net['net']}, {net['rows']:,} rows of {net['data']}")
    print_libraries(net)
    rows = net["measurements"]
    for label, threads in dict.fromkeys((row["work"], row["threads"]) for row in rows):
        print(f"\n{label}, {threads_in_words(threads)}")
        print(f"    {'':<16}{'fastest':>10}{'median':>10}{'a step':>14}{'times':>8}{'libnn/it':>10}")
        for row in rows:
            if (row["work"], row["threads"]) == (label, threads):
                microseconds = 1e6 * (row["step"] or 0)
                digits = 1 if microseconds < 1000 else 0
                step = f"{microseconds:,.{digits}f} us" if row["step"] else ""
                print(f"    {row['name']:<16}{in_words(row['fastest']):>10}"
                      f"{in_words(row['median']):>10}{step:>14}{len(row['seconds']):>8}"
                      f"{row['libnn_ratio']:>10.3f}")
    sys.stdout.flush()
