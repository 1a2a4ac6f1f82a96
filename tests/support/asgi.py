"""Clients of the application in this process, over one event loop for all of them.

A client of its own makes an event loop and its threads anew for each request: half of what a small request costs here.
"""

from __future__ import annotations

import atexit
import functools
from contextlib import ExitStack
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from fastapi.testclient import TestClient


def client_of(app: FastAPI, **options: Any) -> TestClient:
    """A client that does not care for the application's start and end; `options` are those of TestClient."""
    client = TestClient(app, **options)
    client.portal = _portal()
    return client


@functools.cache
def _portal() -> BlockingPortal:
    running = ExitStack()
    atexit.register(running.close)
    return running.enter_context(start_blocking_portal())
