"""An act that was answered with success is kept; one that was not has left nothing."""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from eakte.operations.queueing import enqueue_indexing
from eakte.terms import SYSTEM
from tests.api.world import API, World, done


def test_an_act_is_kept_although_its_job_waits_already(world: World) -> None:
    """A job with a queueing lock that waits already is refused by the database; the act must not end with it."""
    clerk = world.client("clerk63")
    dossier = world.dossier()
    path = f"{API}/dossiers/{dossier['id']}"
    for step, body, state in (
        ("close", {}, "closed"),
        ("reopen", {"reason": "Nachtrag"}, "open"),
        ("close", {}, "closed"),
    ):
        answer = done(clerk.post(f"{path}/{step}", json=body), 200)
        assert answer["state"] == state
        assert done(clerk.get(path), 200) == answer


def test_a_failed_transaction_is_not_taken_for_a_committed_one(world: World) -> None:
    def act() -> None:
        with world.backends.transactions.begin(SYSTEM) as tx:
            enqueue_indexing(tx)
            with contextlib.suppress(DBAPIError):
                tx.session.execute(text("SELECT 1/0"))

    with pytest.raises(RuntimeError, match="failed before its commit"):
        act()
