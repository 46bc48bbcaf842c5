"""Every benchmark in turn: `make bench`. Prints the tables, then the targets and what was reached.

A whole run, neither quick nor of some parts, writes all figures to one JSON file, and a plot of
latency against frame area with the floor drawn in. Run it on a machine that does nothing else: it
says how busy it was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from timing import processor, table

from tactile_equiv.json_values import json_value
from tactile_equiv.markdown_blocks import renew, with_output

HERE = Path(__file__).resolve().parent
PARTS = ("networks", "perceive", "peers", "cold_start", "node", "simulator")
QUICK = {
    "networks": ["--rounds", "5"],
    "perceive": ["--rounds", "5"],
    "peers": ["--rounds", "5"],
    "cold_start": ["--runs", "1"],
    "node": ["--quick"],
}
PACKAGES = ("torch", "onnxruntime", "opencv-python-headless", "numpy", "ros-rclpy")
COMMAND = "make bench"
"""Begins the block of docs/speed.md that shows the targets."""

Figures = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A figure that was aimed at.

    Attributes:
        name: what is measured.
        wanted: "<= 1.25", ">= 60" and the like.
        value: finds the figure in those of a part.
        part: where it is measured.
    """

    name: str
    wanted: str
    part: str
    value: Callable[[Any], float]

    def reached(self, measured: float) -> bool:
        """Whether a measured figure is within the target; NaN is not."""
        relation, limit = self.wanted.split()
        return measured <= float(limit) if relation == "<=" else measured >= float(limit)


def _overhead(size: str, touched: str, figure: str) -> Callable[[Any], float]:
    def value(part: Any) -> float:
        found = (r for r in part["over_raw"] if (r["frame"], r["touched"]) == (size, touched))
        return float(next(found)[figure])

    return value


def _camera(contacts: int, figure: str) -> Callable[[Any], float]:
    return lambda part: float(part["with_contacts"][contacts][figure])


def _end_to_end(rate: float) -> Callable[[Any], float]:
    def value(part: Any) -> float:
        found = (r for r in part["latency"] if r["subject"] == "node, events")
        return float(next(r["ratio"] for r in found if r["asked_hz"] == rate))

    return value


RATIO = "sparse_over_raw"
TARGETS = (
    Target("perceive / raw network, 32x32, a third of each side touched", "<= 1.25", "perceive",
           _overhead("32x32", "a third", RATIO)),
    Target("perceive / raw network, 32x32, everything touched", "<= 1.25", "perceive",
           _overhead("32x32", "everything", RATIO)),
    Target("perceive / raw network, 240x320, a third of each side touched", "<= 1.10", "perceive",
           _overhead("240x320", "a third", RATIO)),
    Target("perceive / raw network, 240x320, everything touched", "<= 1.10", "perceive",
           _overhead("240x320", "everything", RATIO)),
    Target("perceive, 32x32, a third of each side touched, ms", "<= 0.35", "perceive",
           _overhead("32x32", "a third", "sparse_ms")),
    Target("perceive, 240x320, one contact of 48x48, ms", "<= 6", "perceive",
           _camera(1, "sparse_ms")),
    Target("touched boxes / whole frame, 240x320, one contact", "<= 0.10", "perceive",
           _camera(1, "sparse_over_whole")),
    Target("touched boxes / whole frame, 240x320, no contact", "<= 0.02", "perceive",
           _camera(0, "sparse_over_whole")),
    Target("patches in batches / one dense pass, 240x320", ">= 60", "perceive",
           lambda part: float(part["dense_against_patches"]["batched_over_dense"])),
    Target("node / (echo node + raw network), 32x32, 30 Hz", "<= 1.25", "node", _end_to_end(30)),
    Target("node / (echo node + raw network), 32x32, 200 Hz", "<= 1.25", "node", _end_to_end(200)),
    Target("node / (echo node + raw network), 32x32, 1 kHz", "<= 1.25", "node", _end_to_end(1000)),
    Target("node, highest rate without loss, 32x32, Hz", ">= 1000", "node",
           lambda part: float(part["sustained_hz"]["node, events"])),
    Target("start of the process to the first answer, onnxruntime, s", "<= 3", "cold_start",
           lambda part: float(part["onnxruntime"]["wall_s"])),
)  # fmt: skip


def run(part: str, quick: bool) -> Figures:
    """Run one benchmark in a process of its own and read what it measured."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        options = QUICK.get(part, []) if quick else []
        print(f"\n# {part}\n", flush=True)
        command = [sys.executable, str(HERE / f"{part}.py"), "--json", str(file), *options]
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        figures: Figures = json.loads(file.read_text("utf-8"))
        return figures


def machine() -> Figures:
    """What the figures were taken on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_average_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "packages": found,
    }


def judged(parts: dict[str, Figures]) -> list[Figures]:
    """The targets of the parts that ran, each with what was measured."""
    found = []
    for target in TARGETS:
        if target.part in parts:
            measured = target.value(parts[target.part])
            told = {key: value for key, value in asdict(target).items() if key != "value"}
            found.append({**told, "measured": measured, "reached": target.reached(measured)})
    return found


def report(targets: list[Figures]) -> str:
    """The targets as a table."""
    rows = [
        [one["name"], one["wanted"], one["measured"], "yes" if one["reached"] else "no"]
        for one in targets
    ]
    return table(["target", "wanted", "measured", "reached"], rows)


def plot(parts: dict[str, Figures], file: Path) -> None:
    """Latency against frame area, with the floor of the arithmetic."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    networks, area = parts["networks"], parts["perceive"]["with_area"]
    sizes = [record["rows"] * record["columns"] for record in networks]
    floor = [record["floor_ms"] for record in networks]
    axes.fill_between(sizes, floor, min(floor) / 3, color="#e4e7ea")
    axes.plot(sizes, floor, color="#56606b", label="floor: its multiply-adds at matrix speed")
    for name, colour in (("torch", "#d99a1c"), ("opencv", "#7d4fa3"), ("onnxruntime", "#2f62b5")):
        times = [record["median_ms"].get(name) for record in networks]
        axes.plot(sizes, times, "o-", markersize=3, color=colour, label=f"network, {name}")
    sides = [record["side"] ** 2 for record in area]
    for key, colour, label in (
        ("everything_ms", "#c8452f", "perceive, everything touched"),
        ("one_contact_ms", "#1b7f5c", "perceive, one contact of 12x12"),
    ):
        axes.plot(sides, [r[key] for r in area], "s-", markersize=4, color=colour, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("taxels of the frame")
    axes.set_ylabel("milliseconds, one thread")
    axes.grid(color="#e4e7ea")
    axes.set_axisbelow(True)
    axes.legend(frameon=False)
    figure.savefig(file, metadata={"Software": None})


def main() -> int:
    """Run the parts; 1 where one of them failed to run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--json", type=Path, default=HERE / "results.json")
    parser.add_argument("--plot", type=Path, help="also draw latency against frame area (PNG)")
    parser.add_argument(
        "--page", type=Path, help="Markdown page whose block '$ make bench' is renewed"
    )
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    told = machine()
    print(f"{told['processor']}, {told['cores']} cores, load {told['load_average_before']:.2f}")
    parts = {}
    for part in options.parts or PARTS:
        try:
            parts[part] = run(part, options.quick)
        except subprocess.CalledProcessError as error:
            print(f"benchmark {part} ended with code {error.returncode}", file=sys.stderr)
            return 1
    targets = judged(parts)
    print(f"\n# targets\n\n{report(targets)}")
    if options.quick or options.parts:
        return 0
    figures = {"machine": told, "targets": targets, "parts": parts}
    options.json.write_text(json.dumps(json_value(figures), indent=1) + "\n", "utf-8")
    if options.plot:
        plot(parts, options.plot)
    if options.page:
        renew(options.page, lambda page: with_output(page, COMMAND, report(targets)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
