"""What the benchmarks share: interleaved rounds, the median of ratios, and the last line that machines read."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Figure = float | str | list[float]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds of both sides, round by round, of the same amount of work."""

    ours: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """How many times as fast as the baseline we were in each round; above 1 we are faster."""
        return [theirs / mine for mine, theirs in zip(self.ours, self.baseline, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios: a round in which the machine did something else does not decide."""
        return statistics.median(self.ratios)


def interleaved(ours: Callable[[int], None], baseline: Callable[[int], None], *, rounds: int) -> Rounds:
    """Time both sides in turn, the one that begins changing, so that a slow minute of the machine hits both alike.

    Args:
        ours: One round of our side; it gets the round's number from 0.
        baseline: The same work on the other side.
        rounds: How many.
    """
    seconds: dict[str, list[float]] = {"ours": [], "baseline": []}
    for number in range(rounds):
        sides = [("ours", ours), ("baseline", baseline)]
        for name, side in sides if number % 2 == 0 else reversed(sides):
            begin = time.perf_counter()
            side(number)
            seconds[name].append(time.perf_counter() - begin)
            progress(f"round {number + 1} of {rounds}: {name} {seconds[name][-1]:.1f} s")
    return Rounds(tuple(seconds["ours"]), tuple(seconds["baseline"]))


def wants_quick(description: str | None) -> bool:
    """Read the command line; True with ``--quick``: one round of little work, to see that the benchmark works."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="one short round; its figures mean nothing")
    return bool(parser.parse_args().quick)


def progress(sentence: str) -> None:
    """Say on standard error what is going on."""
    print(sentence, file=sys.stderr, flush=True)


def report(
    name: str,
    *,
    ratio: float,
    baseline: str,
    better: Literal["higher", "lower"],
    figures: dict[str, Figure],
) -> None:
    """Print the result, as the last line and as one JSON object.

    Args:
        name: Of the benchmark.
        ratio: Ours to the baseline's.
        baseline: What we were compared with, options included.
        better: Which way the ratio should go.
        figures: What else was measured, units in the names. The machine's load is added: a busy one proves nothing.
    """
    figures = {**figures, "cores": cores(), "load_1min_at_end": round(os.getloadavg()[0], 2)}
    line = {"name": name, "ratio": round(ratio, 3), "baseline": baseline, "better": better, "figures": figures}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def cores() -> int:
    """How many cores both sides may use."""
    return os.cpu_count() or 1


def rounded(values: Sequence[float], digits: int = 2) -> list[float]:
    """The values as figures of a report."""
    return [round(value, digits) for value in values]
