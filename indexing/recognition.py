"""Text recognition: a pool of warm Tesseract processes that see pixels and nothing else.

Tesseract itself is loaded in these processes alone (`tesseract.py`).
"""

import json
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Final

from indexing.errors import BadWords, RecognitionFailed
from indexing.forking import Child, fork
from indexing.words import PAGE_BYTES, PageWords, from_json

TESSDATA: Final = Path(sys.prefix) / "share" / "tessdata"
LANGUAGES: Final = ("deu", "eng", "osd")

_RESOURCES: Final = {"RLIMIT_AS": 2 << 30, "RLIMIT_FSIZE": 0, "RLIMIT_NOFILE": 32, "RLIMIT_CORE": 0}


class Recogniser:
    """A pool of recognition processes, started when needed; usable from several threads at once.

    Args:
        processes: How many pages are read at the same time; a process takes about 130 MB.
        wall_seconds: Time by the clock for one page, the time in the queue not counted.
    """

    def __init__(self, processes: int, *, wall_seconds: float = 120.0) -> None:
        if processes < 1:
            raise ValueError("a recogniser needs at least one process")
        missing = [language for language in LANGUAGES if not (TESSDATA / f"{language}.traineddata").is_file()]
        if missing:
            raise FileNotFoundError(f"no recognition data for {', '.join(missing)} under {TESSDATA}")
        self.processes = processes
        self._wall_seconds = wall_seconds
        self._closed = threading.Event()
        # Last in, first out: the warmest process first, and no more of them than are needed. None: not started.
        self._idle: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(processes):
            self._idle.put(None)

    def recognise(self, grey: bytes, *, width: int, height: int, dpi: int, page: int = 1) -> PageWords:
        """Read one page.

        Args:
            grey: One byte a pixel, row by row, 0 is black; `pixels.levelled` has stretched it.
            width: Pixels.
            height: Pixels.
            dpi: Resolution, pixels an inch.
            page: The number that the answer carries.

        Returns:
            The words; width and height are the pixels given, exchanged where the page lay on its side (``turned``).

        Raises:
            RecognitionFailed: The process died twice, or hung; it has been replaced and other pages are not concerned.
            ValueError: The pixels do not have the size that was said.
        """
        if len(grey) != width * height or not grey:
            raise ValueError("pixels and size disagree")
        header = json.dumps({"width": width, "height": height, "dpi": dpi, "page": page}).encode()
        try:
            return self._attempt(header, grey, page)
        except (EOFError, ConnectionError):
            pass  # killed from outside, perhaps: once more with a fresh process
        try:
            return self._attempt(header, grey, page)
        except (EOFError, ConnectionError) as error:
            raise RecognitionFailed(f"Die Texterkennung ist auf Seite {page} zweimal abgestürzt.") from error

    def _attempt(self, header: bytes, grey: bytes, page: int) -> PageWords:
        child = self._idle.get()
        healthy = False
        try:
            if self._closed.is_set():
                raise RecognitionFailed("Die Texterkennung wird gerade beendet.")
            if child is None:
                child = fork("indexing.tesseract:serve", _RESOURCES)
            deadline = time.monotonic() + self._wall_seconds
            child.send(header, deadline)
            child.send(grey, deadline)
            words = from_json(child.receive(PAGE_BYTES, deadline), page)
            healthy = True
        except TimeoutError as error:
            raise RecognitionFailed(f"Die Texterkennung hat auf Seite {page} zu lange gedauert.") from error
        except (BadWords, ValueError) as error:
            raise RecognitionFailed(f"Die Texterkennung hat auf Seite {page} Unlesbares geliefert.") from error
        finally:
            if child is not None and not healthy:
                child.end()
            self._idle.put(child if healthy else None)
        return words

    def pids(self) -> list[int]:
        """Process ids of the idle processes, for health checks."""
        with self._idle.mutex:
            return [child.pid for child in self._idle.queue if child is not None]

    def close(self) -> None:
        """End all processes; waits for pages that are being read."""
        self._closed.set()
        for _ in range(self.processes):
            if (child := self._idle.get()) is not None:
                child.end()
        for _ in range(self.processes):  # whoever still waits wakes up and is told
            self._idle.put(None)
