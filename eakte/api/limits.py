"""A general limit of requests for each session and access key, so that one program in a loop does not stop all others.

In the memory of each process, on purpose: it is a valve, not a promise, and a row for each request would cost more than
most requests do. Tries to sign in are counted in the database (`eakte.operations.throttling`).
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

SEEN_SECONDS = 60.0
"""How exactly it is kept when a session or key was last used."""
_MOST = 10_000
"""Keys remembered; then those that are full again are forgotten."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    noted: float


class Meter:
    """A bucket of requests for each key, refilled evenly; a full one holds a minute's worth."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: dict[uuid.UUID, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, key: uuid.UUID) -> float:
        """Take one request; returns 0, or the seconds until the next one is there."""
        moment = self._clock()
        with self._lock:
            if len(self._buckets) > _MOST:
                self._forget(moment)
            bucket = self._buckets.setdefault(key, _Bucket(self._size, moment, moment - SEEN_SECONDS))
            bucket.left = min(self._size, bucket.left + (moment - bucket.at) * self._per_second)
            bucket.at = moment
            if bucket.left < 1:
                return (1 - bucket.left) / self._per_second
            bucket.left -= 1
            return 0.0

    def due(self, key: uuid.UUID) -> bool:
        """Whether it shall be noted now that the key is in use; true once a minute."""
        moment = self._clock()
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None or moment - bucket.noted < SEEN_SECONDS:
                return False
            bucket.noted = moment
            return True

    def _forget(self, moment: float) -> None:
        full = [
            key for key, one in self._buckets.items() if one.left + (moment - one.at) * self._per_second >= self._size
        ]
        for key in full:
            del self._buckets[key]
