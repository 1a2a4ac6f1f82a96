"""Somebody who asks without pause: for the state of what was filed, and for its own word."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2

from tests.faults.checker import Receipt, read_journal
from tests.faults.clients import CLIENT_SECONDS
from tests.support.service import Service


class Searcher:
    """A thread that searches until it is told to stop. Right answers and 503 are both fine; `surprises` are neither.

    A word of one upload finds that document or nothing; nothing only as long as the document was never called ready.
    """

    def __init__(self, service: Service, token: str, journal: Path, *, seed: int) -> None:
        self._service, self._token, self._journal = service, token, journal
        self._rng = random.Random(f"{seed} searcher")  # noqa: S311 - chance that can be repeated
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="searcher", daemon=True)
        self.answers: Counter[str] = Counter()
        self.surprises: list[str] = []

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Let the last question be answered."""
        self._stop.set()
        self._thread.join(2 * CLIENT_SECONDS + 10)
        assert not self._thread.is_alive(), f"a question is still not answered; {self.answers}"

    def _work(self) -> None:
        while not self._stop.wait(0.3):
            receipts = read_journal(self._journal)
            if receipts:
                self._look(self._rng.choice(receipts[-40:]))

    def _look(self, receipt: Receipt) -> None:
        shown = self._ask(f"/api/v1/documents/{receipt.document}", {})
        ready = shown is not None and shown["state"] == "ready"
        answer = self._ask("/api/v1/search", {"q": receipt.word})
        if answer is None:
            return
        hits = [hit["document"]["id"] for hit in answer["hits"]]
        self.answers[f"{len(hits)} hits"] += 1
        if hits != [receipt.document] and (hits or ready):
            self.surprises.append(f"upload {receipt.number} ({'ready' if ready else 'under way'}): finds {hits}")

    def _ask(self, path: str, question: dict[str, str]) -> dict[str, Any] | None:
        """The answer; None where it was one that says to come back."""
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            answer = httpx2.get(f"{self._service.url}{path}", params=question, headers=headers, timeout=CLIENT_SECONDS)
        except httpx2.TimeoutException:
            self.surprises.append(f"no answer to {path} {question} after {CLIENT_SECONDS} s")
            return None
        except httpx2.TransportError as error:
            self.answers[type(error).__name__] += 1
            return None
        if answer.status_code == httpx2.codes.OK:
            found: dict[str, Any] = answer.json()
            return found
        self.answers[str(answer.status_code)] += 1
        kind = answer.headers.get("content-type", "")
        if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE or kind != "application/problem+json":
            self.surprises.append(f"{path} {question}: {answer.status_code} {kind} {answer.text[:300]}")
        return None
