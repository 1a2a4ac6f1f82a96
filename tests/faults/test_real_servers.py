"""PostgreSQL, S3 and OpenSearch killed, slow and full in turn while clients upload and search; and a round of kills.

One stand for all of it: what one fault breaks, the verdict after the next one finds too.
"""

from __future__ import annotations

import functools
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx2
import pytest

from tests.faults.clients import Clients
from tests.faults.disks import full
from tests.faults.running import chance, start_again
from tests.faults.searcher import Searcher
from tests.faults.stand import Stand, sessions, standing
from tests.support.service import until

pytestmark = pytest.mark.fault

AWAY_SECONDS = 8
HANGING_SECONDS = 20
NOTICED_SECONDS = 240
BACK_SECONDS = 300
SETTINGS_OF_DISKS = "cluster.routing.allocation.disk"


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing() as ready:
        yield ready
        assert ready.service.stop() == 0, ready.tail()


def wait(seconds: float) -> None:
    """Let a fault last."""
    threading.Event().wait(seconds)


# ---------------------------------------------------------------------------------------------------- a round of kills


def test_kills_in_turn_lose_nothing(stand: Stand, pytestconfig: pytest.Config) -> None:
    """serve, worker, a session of PostgreSQL, PostgreSQL, MinIO, OpenSearch: each once for every 20 `--kills`."""
    rounds, seed = max(1, int(pytestconfig.getoption("--kills")) // 20), chance()
    rng = random.Random(seed)  # noqa: S311 - chance that can be repeated
    victims: dict[str, Callable[[], None]] = {
        "serve": functools.partial(kill_serve, stand),
        "worker": functools.partial(kill_worker, stand),
        "session": functools.partial(kill_session, stand, rng),
        **{name: functools.partial(restart, stand, name) for name in stand.servers},
    }
    with stand.load(seed) as (clients, searcher):
        for _ in range(rounds):
            for name in rng.sample(sorted(victims), len(victims)):
                one_more(clients, f"uploads before {name}")
                wait(rng.uniform(0.0, 2.0))
                victims[name]()
        before = clients.acknowledged
        until(lambda: clients.acknowledged > before + 3, seconds=BACK_SECONDS, what="uploads go on")
    told(stand, clients, searcher, f"seed {seed}")


def one_more(clients: Clients, what: str) -> None:
    """Wait until another upload is acknowledged."""
    before = clients.acknowledged
    until(lambda: clients.acknowledged > before, seconds=BACK_SECONDS, what=what)


def kill_serve(stand: Stand) -> None:
    """As a service manager does: killed, and started again."""
    stand.service.kill()
    start_again(stand.service)


def kill_worker(stand: Stand) -> None:
    """Its jobs are taken over by the next one."""
    worker = stand.service.own_worker
    assert worker is not None
    worker.kill()
    worker.wait()
    stand.start_worker()


def kill_session(stand: Stand, rng: random.Random) -> None:
    """As the kernel does when memory is short: PostgreSQL ends all sessions and recovers."""
    rng.choice(until(lambda: sessions(stand.servers["postgres"]), what="a session")).kill()


def restart(stand: Stand, name: str, *, away: float = 1.0) -> None:
    """Kill a server; some time later it is there again with its data."""
    stand.servers[name].kill()
    wait(away)
    stand.servers[name].start()


# ---------------------------------------------------------------------------- each server killed, slow and full in turn


@contextmanager
def killed(stand: Stand, name: str) -> Iterator[None]:
    """The server is dead while the block runs."""
    stand.servers[name].kill()
    try:
        yield
    finally:
        stand.servers[name].start()


@contextmanager
def hanging(stand: Stand, name: str) -> Iterator[None]:
    """The server takes connections and answers nothing."""
    stand.servers[name].freeze()
    try:
        yield
    finally:
        stand.servers[name].thaw()


@contextmanager
def filled(stand: Stand, name: str) -> Iterator[None]:
    """The server has no room; OpenSearch sees by itself that it has none and, later, that it has some again."""
    if name != "opensearch":
        with full(stand.disks[name]):
            yield
        return
    flood = {f"{SETTINGS_OF_DISKS}.watermark.{mark}": "999tb" for mark in ("low", "high", "flood_stage")}
    base = stand.servers[name].url.replace("opensearch", "http", 1)
    configure(base, {**flood, "cluster.info.update.interval": "10s"})
    try:
        until(lambda: is_blocked(base), what="OpenSearch refuses writes")
        yield
    finally:
        configure(base, dict.fromkeys(flood, None))
    until(lambda: not is_blocked(base), what="OpenSearch takes writes again")


def configure(base: str, settings: dict[str, str | None]) -> None:
    """Change what the cluster goes by."""
    httpx2.put(f"{base}/_cluster/settings", json={"transient": settings}, timeout=60).raise_for_status()


def is_blocked(base: str) -> bool:
    """Whether the server has set the block of a full disk."""
    shown = httpx2.get(f"{base}/_all/_settings/index.blocks.*", timeout=60).raise_for_status().text
    return "read_only_allow_delete" in shown


@pytest.mark.long
@pytest.mark.parametrize("fault", [killed, hanging, filled])
@pytest.mark.parametrize("name", ["postgres", "minio", "opensearch"])
def test_an_outage_loses_nothing_and_ends_by_itself(
    stand: Stand, name: str, fault: Callable[[Stand, str], AbstractContextManager[None]]
) -> None:
    with stand.load(seed=7) as (clients, searcher):
        until(lambda: clients.acknowledged > 3, seconds=BACK_SECONDS, what="uploads")
        with fault(stand, name):
            noticed(clients, searcher, name, fault)
        before = clients.acknowledged
        until(lambda: clients.acknowledged > before + 3, seconds=BACK_SECONDS, what="uploads go on")
    told(stand, clients, searcher, f"{name} {fault.__name__}")


def noticed(clients: Clients, searcher: Searcher, name: str, fault: Callable[..., object]) -> None:
    """Wait until the outage is seen from outside; without it the test would test nothing."""
    begun = clients.acknowledged
    if fault is hanging:
        wait(HANGING_SECONDS)
    elif name == "opensearch":
        # Filing goes on as if nothing were.
        until(lambda: clients.acknowledged > begun + 3, seconds=NOTICED_SECONDS, what="uploads without search")
        if fault is killed:
            until(lambda: searcher.answers["503"], seconds=NOTICED_SECONDS, what="the searcher is refused")
    else:
        until(lambda: clients.answers["503"] > 1, seconds=NOTICED_SECONDS, what="a client is refused")
        wait(AWAY_SECONDS)


def told(stand: Stand, clients: Clients, searcher: Searcher, what: str) -> None:
    """Nothing is wrong with what is left, and nothing was with what was answered."""
    found = stand.judge()
    sys.stderr.write(
        f"\n{what}: {clients.acknowledged} uploads, answers {dict(clients.answers)}, "
        f"longest {clients.longest:.1f} s; searches {dict(searcher.answers)}\n"
    )
    assert (found, clients.surprises, searcher.surprises) == ([], [], []), what
