"""Progress of long work: a line that rewrites itself on a terminal, a sentence now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from eakte.cli.saying import say
from eakte.language import _

TERMINAL_SECONDS = 0.2
FILE_SECONDS = 10.0


class Progress:
    """The worker says how far it is; this decides when to show it."""

    def __init__(self, what: str, unit: str) -> None:
        self._what, self._unit = what, unit
        self._terminal = sys.stderr.isatty()
        self._shown_at = time.monotonic() if not self._terminal else 0.0

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the line."""
        if self._terminal and self._shown_at:
            sys.stderr.write("\n")

    def count(self, done: int) -> None:
        """So many are done; how many there are is not known."""
        self._write(f"{self._what}: {done} {self._unit}")

    def show(self, done: int, total: int) -> None:
        """So many of so many are done."""
        words = {"what": self._what, "done": done, "total": total, "unit": self._unit}
        if total:
            line = _("%(what)s: %(done)s von %(total)s %(unit)s (%(share)s %%)", share=done * 100 // total, **words)
        else:
            line = _("%(what)s: %(done)s von %(total)s %(unit)s", **words)
        self._write(line)

    def _write(self, line: str) -> None:
        now = time.monotonic()
        if now - self._shown_at < (TERMINAL_SECONDS if self._terminal else FILE_SECONDS):
            return
        self._shown_at = now
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        else:
            say(line)
