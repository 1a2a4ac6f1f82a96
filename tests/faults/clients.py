"""Clients as real ones are: they upload without pause and ask again with the same key until they are answered."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import httpx2
from reportlab.pdfgen.canvas import Canvas

from eakte.sample.town import town
from tests.faults.checker import Receipt
from tests.support.service import Service, upload

CLIENT_SECONDS = 60
"""No request may take longer: whoever waits this long was forgotten."""

_ANSWERS_TO_WAIT_FOR = {429, 503}


def word(number: int) -> str:
    """A word that no other upload and no dictionary has."""
    digest = hashlib.sha256(f"word {number}".encode()).digest()
    return "".join("bdfgklmprtvwz"[byte % 13] + "aiou"[byte // 13 % 4] for byte in digest[:6]) + "k"


@cache
def _scans() -> tuple[bytes, ...]:
    documents = town(3, 24).documents()
    return tuple(document.content for document in documents if document.scan and document.pages <= 2)


def _letter(text: str) -> bytes:
    target = io.BytesIO()
    page = Canvas(target)
    page.drawString(72, 720, f"Ihr Schreiben {text} ist eingegangen.")
    page.save()
    return target.getvalue()


def make(number: int, scans_every: int) -> tuple[bytes, str]:
    """Bytes and file name of an upload; no two have the same bytes."""
    if scans_every and number % scans_every == scans_every - 1:
        pool = _scans()
        return pool[number % len(pool)] + f"\n% {number}\n".encode(), f"scan-{number}.pdf"
    if number % 3 == 1:
        return _letter(word(number)), f"brief-{number}.pdf"
    return f"Notiz {word(number)}\nNummer {number}\n".encode() * (1 + number % 50), f"notiz-{number}.txt"


class Clients:
    """Threads that upload into one dossier until they are told to stop, and a journal of what was acknowledged.

    `first` is the number of the first upload. `surprises` are answers that no fault excuses: a fault of the service
    (500), a refusal, or no answer at all.
    """

    def __init__(
        self,
        service: Service,
        token: str,
        dossier: str,
        journal: Path,
        *,
        seed: int,
        scans_every: int = 12,
        first: int = 0,
    ) -> None:
        self._service, self._token, self._dossier = service, token, dossier
        self._journal, self._scans_every = journal, scans_every
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._numbers = itertools.count(first)
        sources = [random.Random(f"{seed} {number}") for number in range(3)]  # noqa: S311 - chance that can be repeated
        self._threads = [
            threading.Thread(target=self._work, args=(rng,), name=f"client {number}", daemon=True)
            for number, rng in enumerate(sources)
        ]
        self.acknowledged = 0
        self.answers: Counter[str] = Counter()
        self.surprises: list[str] = []
        self.longest = 0.0

    def start(self) -> None:
        """Begin to upload."""
        self._journal.touch()
        for thread in self._threads:
            thread.start()

    def stop(self, *, seconds: float = 180) -> None:
        """Let every client finish the upload it has begun; an AssertionError when one cannot."""
        self._stop.set()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
            assert not thread.is_alive(), f"{thread.name} is still not answered; {self.answers}"

    def _work(self, rng: random.Random) -> None:
        while not self._stop.wait(rng.uniform(0.2, 1.5)):
            with self._lock:
                number = next(self._numbers)
            content, filename = make(number, self._scans_every)
            key = f"upload-{number}"
            document = self._until_acknowledged(number, content, filename, key)
            if document is None:
                return
            receipt = Receipt(
                number,
                word(number),
                key,
                hashlib.sha256(content).hexdigest(),
                len(content),
                document,
                time.time(),
            )
            with self._lock:
                self.acknowledged += 1
                with self._journal.open("a") as journal:
                    journal.write(json.dumps(dataclasses.asdict(receipt)) + "\n")

    def _until_acknowledged(self, number: int, content: bytes, filename: str, key: str) -> str | None:
        metadata = {"dossier": self._dossier, "title": f"Ablage {number} {word(number)}"}
        pause = threading.Event()
        while True:
            answer = self._ask(lambda client: upload(client, metadata, content, filename, **{"Idempotency-Key": key}))
            if answer is not None and answer.status_code == httpx2.codes.CREATED:
                return str(answer.json()["id"])
            if answer is not None and answer.status_code not in _ANSWERS_TO_WAIT_FOR:
                self._note(f"upload {number}: {answer.status_code} {answer.text[:300]}")
                if answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                    return None
            pause.wait(0.3)

    def _ask(self, request: Callable[[httpx2.Client], httpx2.Response]) -> httpx2.Response | None:
        """One request; None when the connection was lost, as it is when the service is killed."""
        begun = time.monotonic()
        try:
            # The address changes with every start of the service.
            with httpx2.Client(
                base_url=self._service.url,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=CLIENT_SECONDS,
            ) as client:
                answer = request(client)
        except httpx2.TimeoutException as error:
            self._note(f"no answer after {time.monotonic() - begun:.0f} s: {error!r}")
            return None
        except httpx2.TransportError as error:
            self._count(type(error).__name__)
            return None
        finally:
            with self._lock:
                self.longest = max(self.longest, time.monotonic() - begun)
        self._count(str(answer.status_code))
        if answer.status_code >= httpx2.codes.BAD_REQUEST:
            kind = answer.headers.get("content-type", "")
            if not kind.startswith("application/problem+json"):
                self._note(f"{answer.status_code} is no problem document: {kind} {answer.text[:100]}")
        return answer

    def _count(self, what: str) -> None:
        with self._lock:
            self.answers[what] += 1

    def _note(self, what: str) -> None:
        with self._lock:
            self.surprises.append(what)
