"""The benchmark: how long everything takes, beside what reading, parsing and copying the same file take.

``python3 run.py bench [--sizes 1000,10000,100000] [--file PATH] [--json] [--rounds N] [--only STAGE]``
``python3 run.py bench --hostile 10000000``: what is done with texts, on hostile ones of so many bytes
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"read": "reading it", "orjson": "orjson on each line", "copy": "copying it, with fsync"}
WIDTH = 46
HEAD = (
    f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}.\n"
    "Peak: the most memory resident while a stage ran in a process of its own, Python itself included."
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached: at most so many times a limit line, or so many seconds at p95."""

    most: float
    line: str = ""

    def __str__(self) -> str:
        return f"≤ {self.most:g} × {self.line}" if self.line else f"≤ {_seconds(self.most)}"

    def reached(self, times: list[float], lines: dict[str, float]) -> bool:
        """Whether it is."""
        return median(times) <= self.most * lines[self.line] if self.line else p95(times) <= self.most


GOALS = {
    "first page usable": Goal(2.0),
    "import": Goal(20, "orjson"),
    "validation page": Goal(0.1),
    "look after one edit": Goal(0.1),
    "http validation after one edit": Goal(0.1),
    "http validation after ten edits": Goal(0.1),
    "http entries with a code after one edit": Goal(0.1),
    "http entry after one edit": Goal(0.1),
    "http target after one edit": Goal(0.1),
    "entries with a code: frequent": Goal(0.1),
    "entries with a code: rare": Goal(0.1),
    "repair all": Goal(30, "orjson"),
    "reopen": Goal(0.1),
    "page": Goal(0.08),
    "filter": Goal(0.08),
    "save one entry": Goal(2.5, "copy"),
    "tag all": Goal(20.0),
    "undo of that": Goal(20.0),
    "rename tag": Goal(15.0),
    "undo of the rename": Goal(15.0),
    "export chatml": Goal(2, "orjson"),
    "export chatml, clean": Goal(2, "orjson"),
    "export sharegpt, clean": Goal(2, "orjson"),
    r"search regex \b\w+ly\b \w+ed: first page": Goal(5.0),
    r"search regex \b\w+ly\b \w+ed: count": Goal(5.0),
    "search zzqqx, which is absent: first page": Goal(0.6),
}
GOAL_SIZE = 100_000  # a goal holds for so many entries; fixed costs outweigh the ratios of small files


def goal_of(label: str, size: int) -> Goal | None:
    """What is to be reached, at this size."""
    if label == "save one entry" and size == 10_000:
        return Goal(0.15)
    if size < GOAL_SIZE:
        return None
    if label.startswith("search "):
        return GOALS.get(label, Goal(0.2 if label.endswith("first page") else 1.5))
    return GOALS.get(label)


def p95(times: list[float]) -> float:
    """The time that 95 of 100 stay within; the longest where there are few."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def measured(file: Path, home: Path, *, rounds: int, only: list[str]) -> dict[str, Any]:
    """Times and peak memory of each stage on a file."""
    from tests.bench.stages import STAGES

    times: dict[str, list[float]] = {}
    peaks: dict[str, int] = {}
    for stage in STAGES:
        if only and stage not in ("limits", "import") and not stage.startswith(tuple(only)):
            continue
        found = _stage(stage, file, home, rounds)
        for label, seconds in found["times"].items():
            times.setdefault(label, []).extend(seconds)
            peaks[label] = max(peaks.get(label, 0), found["peak"])
    return {"bytes": file.stat().st_size, "times": times, "peaks": peaks}


def _stage(stage: str, file: Path, home: Path, rounds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.stages", stage, str(home), str(file), str(rounds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(name: str, size: int, found: dict[str, Any]) -> list[str]:
    """The lines to print for one file."""
    lines = {line: median(found["times"][line]) for line in LIMITS}
    rows = [f"\n{name}: {size:,} entries, {found['bytes'] / 1e6:,.0f} MB{_busy()}"]
    rows += [f"  {words:<{WIDTH - 2}} {_seconds(lines[line])}" for line, words in LIMITS.items()]
    ratios = " ".join(f"{'× ' + line:>8}" for line in LIMITS)
    rows.append(f"{'':<{WIDTH}} {'median':>9} {'p95':>9} {ratios} {'peak':>8}  to reach")
    for label, times in found["times"].items():
        if label not in LIMITS:
            rows.append(_row(label, times, lines, found["peaks"][label], goal_of(label, size)))
    return rows


def _busy() -> str:
    """A warning where other programs kept the machine busy: times are then longer than they need be."""
    load = os.getloadavg()[1] if hasattr(os, "getloadavg") else 0.0
    return f" (the machine was busy: load {load:.1f})" if load > 1.5 else ""


def _row(label: str, times: list[float], lines: dict[str, float], peak: int, goal: Goal | None) -> str:
    ratios = " ".join(f"{median(times) / lines[line]:>8.2f}" for line in LIMITS)
    memory = f"{peak / 1e6:,.0f} MB" if peak else "?"
    verdict = f"  {goal}{'' if goal.reached(times, lines) else '  NOT REACHED'}" if goal else ""
    figures = f"{_seconds(median(times)):>9} {_seconds(p95(times)):>9} {ratios} {memory:>8}"
    return f"{label:<{WIDTH}} {figures}{verdict}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _count(file: Path) -> int:
    with file.open("rb") as data:
        return sum(1 for line in data if line.strip())


def options(arguments: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="run.py bench", description="Measure the app beside limit lines.")
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of entries, with commas")
    parser.add_argument("--file", type=Path, help="a dataset of your own, in place of generated ones")
    parser.add_argument("--rounds", type=int, default=3, help="how often to do what takes long")
    parser.add_argument("--only", action="append", default=[], help="only stages that begin so")
    parser.add_argument("--hostile", type=int, metavar="BYTES", help="only what is done with hostile texts")
    parser.add_argument("--json", action="store_true", help="every single time, as JSON")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run the benchmark and print its table; returns the exit code."""
    from tests.bench.synth import dataset

    chosen = options(arguments)
    if chosen.hostile:
        return _hostile(chosen.hostile)
    sizes = [int(size) for size in chosen.sizes.split(",")]
    files = [chosen.file.absolute()] if chosen.file else [dataset(size) for size in sizes]
    report = {}
    if not chosen.json:
        print(HEAD)
    for file in files:
        with tempfile.TemporaryDirectory(prefix="rolethread-bench-") as folder:
            found = measured(file, Path(folder) / "home", rounds=chosen.rounds, only=chosen.only)
        size = _count(file)
        report[file.name] = {"entries": size, **found}
        if not chosen.json:
            print("\n".join(table(file.name, size, found)), flush=True)
    if chosen.json:
        print(json.dumps(report))
    return 0


def _hostile(size: int) -> int:
    from tests.bench.hostile import table

    for line in table(size):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
