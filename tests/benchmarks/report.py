"""Turn the benchmarks' JSON into the table of README.md and its plot of cost against length.

    pytest tests/benchmarks/bench_*.py -n 0 --benchmark-json=benchmarks.json
    python tests/benchmarks/report.py benchmarks.json

It prints the table, and draws benchmarks.png beside this file.
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt

NAMES = {
    "keras_predict": "Keras' predict",
    "plain": "plain Python or Keras",
    "diagonals": "one trace a diagonal",
    "traced_loop": "loop over a traced function",
    "by_windows": "ours, window by window",
    "ours": "ours",
    "one_sum": "(one plain sum)",
}
SHAPES = {"keras_predict": ("o", "#767676"), "by_windows": ("s", "#0072b2"), "ours": ("D", "#d55e00")}


def duration(seconds):
    """Three digits, in the unit that suits."""
    value, unit = (
        (seconds, "s") if seconds >= 1 else (1e3 * seconds, "ms") if seconds >= 1e-3 else (1e6 * seconds, "µs")
    )
    return f"{float(f'{value:.3g}'):g} {unit}"


def rows(benchmarks):
    """Group, way and median of each benchmark."""
    for item in benchmarks:
        info = item["extra_info"]
        way = NAMES[info["way"]] if "way" in info else f"ours, window {info['window']:,}"
        yield item["group"], way, item["stats"]["median"]


def table(benchmarks):
    """The table of README.md: for each group its ways, and how many times as long as ours each takes."""
    groups = {}
    for group, way, seconds in rows(benchmarks):
        groups.setdefault(group, []).append((way, seconds))
    lines = ["| task | way | median | times ours |", "|---|---|---|---|"]
    for group, ways in groups.items():
        own = dict(ways).get("ours", ways[0][1])
        lines += [f"| {group} | {way} | {duration(s)} | {s / own:.{0 if s >= 9.5 * own else 1}f} |" for way, s in ways]
    return "\n".join(lines)


def plot(benchmarks):
    """Seconds against the length of the series, for each way."""
    figure, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
    for way, (marker, color) in SHAPES.items():
        points = sorted(
            (item["extra_info"]["length"], item["stats"]["median"])
            for item in benchmarks
            if "length" in item["extra_info"] and item["extra_info"]["way"] == way
        )
        lengths, seconds = zip(*points, strict=True)
        ax.loglog(lengths, seconds, marker=marker, color=color)
        ax.annotate(
            NAMES[way], (lengths[-1], seconds[-1]), (8, 0), textcoords="offset points", color=color, va="center"
        )
    ax.set_xlim(right=6e6)
    ax.set_title("Timelines of 8 channels, window 100: the cost by length", loc="left", fontweight="bold")
    ax.set(xlabel="length of the series (samples)", ylabel="time (s)")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)["benchmarks"]
    print(table(results))
    plot(results).savefig(Path(__file__).with_name("benchmarks.png"), dpi=110)
