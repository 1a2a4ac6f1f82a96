"""The worker reads every blob again, round after round: it gets through, tells at once, accuses nobody wrongly."""

from __future__ import annotations

import io
import json
import logging
import threading
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eakte.cli.main import configure_logging
from eakte.jobs import connector_for, make_app
from eakte.models import AuditEntry, Blob
from eakte.operations import scrubbing
from eakte.operations.fixity import Standing, list_wrong, note, standing
from eakte.operations.scrubbing import AIM, Turn, due, read_all, read_on
from eakte.terms import SYSTEM, new_id
from eakte.web.pages.history import sentences
from indexing.recognition import Recogniser
from storage.blobs import BLOCK_SIZE, BlobStore
from storage.scrub import Finding, Kind
from tests.operations.office import Office
from tests.support.service import until

MONTH = timedelta(days=30)
SLOW = Turn(least=2, save_blobs=1)
FAST = Turn(least=1000, save_blobs=3)


class Killed(BaseException):
    """What no code survives."""


@dataclass
class Shelf:
    """An office's blobs with a store that remembers what was read, and lets something happen just then."""

    office: Office
    read_names: list[str] = field(default_factory=list)
    happens: dict[str, Callable[[], object]] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.office.backends.blobs, name)

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
        self.read_names.append(name)
        self.happens.pop(name, lambda: None)()
        return self.office.backends.blobs.read(name, offset, length)

    def keep(self, count: int, content: bytes = b"Inhalt") -> list[str]:
        """So many blobs with their rows, in the order of names."""
        names = sorted(f"{new_id()}/1/original.x" for _ in range(count))
        with self.office.backends.database.session() as session:
            for name in names:
                made = self.office.backends.blobs.put(name, iter([content]))
                session.add(Blob(name=name, size=made.size, sha256=made.sha256, blocks=made.blocks))
            session.commit()
        return names

    def turn(self, turn: Turn = SLOW, period: timedelta = MONTH) -> list[str]:
        """One turn of the worker; the names that it read."""
        self.read_names.clear()
        blobs = cast("BlobStore", self)
        read_on(self.office.backends.transactions, blobs, period=period, stopping=self.stopping, turn=turn)
        return list(self.read_names)

    def standing(self) -> Standing:
        with self.office.backends.transactions.read() as session:
            return standing(session, MONTH)

    def progress(self) -> tuple[int, int] | None:
        running = self.standing().running
        return (running.done, running.planned) if running else None

    def log(self, *tags: str) -> list[AuditEntry]:
        """The entries of these tags, in the order of time."""
        with self.office.backends.transactions.read() as session:
            wanted = select(AuditEntry).where(AuditEntry.tag.in_(tags or ("record:file:lose", "record:file:recover")))
            return list(session.scalars(wanted.order_by(AuditEntry.id)))

    def spoil(self, name: str) -> None:
        path = self.office.blob_file(name)
        path.chmod(0o600)
        path.write_bytes(b"?" + path.read_bytes()[1:])


@pytest.fixture
def shelf(office: Office) -> Shelf:
    return Shelf(office)


def killed() -> None:
    raise Killed


def test_a_round_takes_turns_outlives_a_kill_and_is_told_in_the_log(shelf: Shelf) -> None:
    assert shelf.turn() == [], "where nothing is kept no round begins"
    assert shelf.standing() == Standing(0, 0, verified=None, running=None, overdue=False)
    names = shelf.keep(7)
    assert shelf.turn() == names[:2]
    assert shelf.progress() == (2, 7)
    shelf.happens[names[3]] = killed
    with pytest.raises(Killed):
        shelf.turn()
    assert shelf.progress() == (3, 7)
    (early,) = shelf.keep(1)
    shelf.office.sql("UPDATE blob SET name = '0' || name WHERE name = %s", early)
    (late,) = shelf.keep(1)
    assert shelf.turn(Turn(least=3, save_blobs=2)) == names[3:6]
    assert shelf.turn(FAST) == [names[6], late], "what came behind the place belongs to the next round"
    assert shelf.standing().running is None
    (entry,) = shelf.log("record:storage:verify")
    assert entry.details == {"checked": 8, "missing": 0, "damaged": 0}
    assert shelf.turn(FAST) == [], "the next begins when its time has come"
    assert not shelf.standing().overdue
    shelf.office.sql("UPDATE fixity_round SET begun_at = begun_at - interval '32 days'")
    assert shelf.standing().overdue
    shelf.turn(SLOW)
    assert shelf.progress() == (2, 9), "a new one, from the first name"
    assert not shelf.standing().overdue


def test_a_young_store_is_read_again_when_it_has_doubled(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.keep(2)
    assert len(shelf.turn(FAST)) == 2
    shelf.keep(2)
    assert shelf.turn(FAST) == []
    shelf.keep(1)
    assert len(shelf.turn(FAST)) == 5
    monkeypatch.setattr(scrubbing, "YOUNG", 5)
    shelf.keep(6)
    assert shelf.turn(FAST) == [], "a grown one has its time"


def test_missing_and_damaged_are_told_at_once_and_once_until_they_are_whole(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    filed = shelf.office.file(dossier=shelf.office.dossier(), filename="Zitronenfalter.pdf", title="Zitronenfalter")
    original = shelf.office.version(filed).original
    other, *_rest = shelf.keep(5)
    path = shelf.office.blob_file(original)
    content = path.read_bytes()
    path.unlink()
    shelf.spoil(other)
    shelf.turn()
    assert shelf.progress() == (2, 6), "long before the end of the round"
    assert (shelf.standing().missing, shelf.standing().damaged) == (1, 1)
    told = [(entry.subject, entry.details) for entry in shelf.log()]
    assert told == [
        (filed, {"file": original, "found": "missing"}),
        (uuid.UUID(other[:36]), {"file": other, "found": "damaged"}),
    ]
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.__dict__["blob"] for record in errors] == [original, other]
    assert [record.__dict__["reason"].partition(":")[0] for record in errors] == ["missing", "damaged"]
    assert "Zitronenfalter" not in repr([record.__dict__ for record in errors]) + repr(told)
    with shelf.office.backends.transactions.read() as session:
        assert [(each.name, each.kind) for each in list_wrong(session, SYSTEM)] == [
            (original, "missing"),
            (other, "damaged"),
        ]
        said = sentences(session, filed, limit=1)[0].text
    assert said == "Eine Datei von „Zitronenfalter“ fehlt in der Ablage oder ist beschädigt"
    shelf.turn(FAST)
    assert shelf.log("record:storage:verify")[-1].details == {"checked": 6, "missing": 1, "damaged": 1}
    shelf.office.sql("UPDATE fixity_round SET begun_at = begun_at - interval '31 days'")
    shelf.turn(FAST)
    assert len(shelf.log()) == 2, "what is known is no news"
    # Somebody puts one back from a backup: no round is due, and yet it is seen within the hour.
    path.write_bytes(content)
    assert shelf.turn(FAST) == []
    shelf.office.sql("UPDATE blob_finding SET looked_at = looked_at - interval '61 minutes'")
    assert shelf.turn(FAST) == [original, other]
    assert (shelf.standing().missing, shelf.standing().damaged) == (0, 1)
    assert [(entry.tag, entry.subject) for entry in shelf.log()[2:]] == [("record:file:recover", filed)]
    shelf.office.blob_file(other).unlink()
    shelf.office.sql("UPDATE blob_finding SET looked_at = looked_at - interval '61 minutes'")
    shelf.turn(FAST)
    assert shelf.log()[-1].details == {"file": other, "found": "missing"}, "worse than before is news"


def test_the_line_in_the_workers_log_names_the_file(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    written, root = io.StringIO(), logging.getLogger()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    (name,) = shelf.keep(1)
    shelf.spoil(name)
    configure_logging()
    shelf.turn()
    said = json.loads(written.getvalue())
    assert (said["level"], said["blob"], said["reason"][:7]) == ("error", name, "damaged")


def test_a_store_that_does_not_answer_accuses_nobody(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    names = shelf.keep(4)
    folder = shelf.office.folder / "blobs"
    away = folder.with_name("unmounted")
    shelf.happens[names[1]] = lambda: folder.rename(away)
    assert shelf.turn(FAST) == names[:2]
    assert shelf.turn(FAST) == [], "it cannot even say how large they are"
    assert shelf.progress() == (1, 4)
    away.rename(folder)
    assert shelf.turn(FAST) == names[1:]
    assert (shelf.standing().missing, shelf.standing().damaged, shelf.log()) == (0, 0, [])
    levels = {record.levelname for record in caplog.records if "scrubbing" in record.name}
    assert levels == {"WARNING"}


def test_what_was_deleted_rightly_while_it_was_read_is_no_finding(shelf: Shelf) -> None:
    first, second, third = shelf.keep(3)

    def delete() -> None:
        shelf.office.sql("DELETE FROM blob WHERE name = %s", second)
        shelf.office.backends.blobs.delete(second)

    shelf.happens[second] = delete
    shelf.turn(FAST)
    assert shelf.log() == []
    assert shelf.log("record:storage:verify")[-1].details == {"checked": 2, "missing": 0, "damaged": 0}
    shelf.spoil(third)
    for _finding in read_all(shelf.office.backends.transactions, cast("BlobStore", shelf), SYSTEM):
        pass
    assert shelf.standing().damaged == 1
    shelf.office.sql("DELETE FROM blob WHERE name = %s", third)
    assert shelf.standing().damaged == 0, "with its row goes what was found of it"
    with shelf.office.backends.transactions.begin(SYSTEM) as tx:
        assert not note(tx, Finding(third, Kind.MISSING)), "gone between the question and the entry"
    assert shelf.turn(FAST) == []
    assert first in {stat.name for stat in shelf.office.backends.blobs.names()}


def test_of_two_at_once_one_stops(shelf: Shelf) -> None:
    names = shelf.keep(6)
    shelf.turn()
    shelf.happens[names[3]] = lambda: Shelf(shelf.office).turn(SLOW)
    assert shelf.turn(FAST) == names[2:5], "the three that it has begun"
    assert shelf.progress() == (4, 6), "where the other one is"
    seen = shelf.standing().running
    assert seen is not None
    shelf.turn(FAST)
    shelf.turn(FAST)
    (entry,) = shelf.log("record:storage:verify")
    assert entry.details["checked"] == 6, "none counts twice"
    scrubbing._end(shelf.office.backends.transactions, replace(seen, last_name=names[5]))
    assert len(shelf.log("record:storage:verify")) == 1, "nor is the end told twice"


def test_two_who_find_the_same_tell_it_once(shelf: Shelf) -> None:
    (name,) = shelf.keep(1)
    finding, transactions = Finding(name, Kind.MISSING), shelf.office.backends.transactions

    def tell() -> bool:
        with transactions.begin(SYSTEM) as tx:
            return note(tx, finding)

    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as other:
        with transactions.begin(SYSTEM) as tx:
            assert note(tx, finding)
            second = other.submit(tell)
            until(lambda: bool(shelf.office.sql(waits)), seconds=30, what="the other one waits")
        assert second.result() is False
    assert len(shelf.log()) == 1


def test_a_worker_that_is_stopped_leaves_a_large_blob_in_the_middle(shelf: Shelf) -> None:
    first, second = shelf.keep(2, content=b"x" * (BLOCK_SIZE + 1))
    shelf.happens[second] = shelf.stopping.set
    shelf.turn(Turn(least=2, save_blobs=2))
    assert shelf.progress() == (1, 2), "the first is saved, of the second nothing is said"
    assert shelf.log() == []
    assert shelf.turn() == [], "a stopping worker begins nothing"
    shelf.stopping.clear()
    assert shelf.turn() == [second]
    assert first != second


def test_time_ends_a_turn_after_a_blob_at_least(shelf: Shelf) -> None:
    names = shelf.keep(3)
    hasty = Turn(least=100, seconds=0.0)
    assert shelf.turn(hasty) == []
    busy = Turn(least=100, save_seconds=0.0)
    assert shelf.turn(busy) == names
    assert shelf.log("record:storage:verify")[-1].details["checked"] == 3


def test_a_check_by_hand_counts_as_a_round_and_takes_back_what_is_whole_again(shelf: Shelf) -> None:
    names = shelf.keep(4)
    shelf.spoil(names[0])
    shelf.turn()
    shelf.spoil(names[3])
    path = shelf.office.blob_file(names[0])
    path.write_bytes(b"Inhalt")
    assert shelf.progress() == (2, 4)
    check = read_all(shelf.office.backends.transactions, cast("BlobStore", shelf), SYSTEM)
    assert [finding.kind.value for finding in check] == ["ok", "ok", "ok", "damaged"]
    assert [entry.tag for entry in shelf.log()] == ["record:file:lose", "record:file:lose", "record:file:recover"]
    assert shelf.log("record:storage:verify")[-1].details == {"checked": 4, "missing": 0, "damaged": 1}
    assert shelf.standing().running is None
    assert shelf.turn(FAST) == []
    shelf.office.blob_file(names[3]).write_bytes(b"Inhalt")
    shelf.office.sql("UPDATE fixity_round SET begun_at = begun_at - interval '31 days'")
    shelf.turn(FAST)
    assert shelf.standing().damaged == 0, "a round takes back as well"


def test_the_worker_does_it_every_minute_and_never_two_at_once(shelf: Shelf) -> None:
    names = shelf.keep(2)
    backends = shelf.office.backends
    app = make_app(backends, cast("Recogniser", None), connector_for(backends), threading.Event())
    task = app.tasks["eakte.read-storage"]
    assert (task.lock, task.queueing_lock, task.queue) == ("read-storage", "read-storage", "service")
    assert [each.cron for each in app.periodic_registry.periodic_tasks.values() if each.task is task] == ["* * * * *"]
    task.func(timestamp=0)
    assert shelf.log("record:storage:verify")[-1].details["checked"] == len(names)


@given(
    planned=st.integers(0, 10**6),
    days=st.integers(1, 3),
    least=st.integers(1, 200),
    outage=st.tuples(st.integers(0, 600), st.integers(0, 600)),
)
@example(planned=10**6, days=1, least=1, outage=(600, 600))
@settings(max_examples=25)
def test_the_pace_is_even_and_gets_through_in_time(
    planned: int, days: int, least: int, outage: tuple[int, int]
) -> None:
    period, minute = timedelta(days=days), timedelta(minutes=1)
    a_minute = planned / (period * AIM / minute)
    done, passed = 0, 0
    while passed * minute < period * AIM:
        passed += 1
        if outage[0] <= passed < outage[0] + outage[1]:
            continue
        asked = due(planned, done, passed * minute, period, least=least)
        assert asked >= least
        if passed < outage[0]:
            assert asked <= max(least, a_minute + 1), "no more than its share in any minute"
        done += asked
    assert done >= planned, "an outage in the middle is made up for"
    assert due(planned, planned, period * 2, period, least=1) >= planned, "what came meanwhile is read as fast"
