"""The jobs that operations ask for, by name: their handlers lie above, in `eakte.jobs`."""

from __future__ import annotations

import uuid

from eakte.transaction import Transaction

PROCESS = "eakte.process"
INDEX = "eakte.index"
RECOUNT = "eakte.recount"
PROCESS_QUEUE = "process"
SERVICE_QUEUE = "service"
"""Short work that must not wait behind an hour of text recognition: indexing, sequencing, take-over of stalled jobs."""


def enqueue_processing(tx: Transaction, document_id: uuid.UUID, version: int, *, priority: int = 0) -> None:
    """Process a version once this act is committed."""
    tx.enqueue(PROCESS, queue=PROCESS_QUEUE, priority=priority, document=str(document_id), version=version)


def enqueue_indexing(tx: Transaction) -> None:
    """Index what changed once this act is committed. One waiting job serves for many acts."""
    tx.enqueue(INDEX, queue=SERVICE_QUEUE, lock=INDEX, queueing_lock=INDEX)


def enqueue_recount(tx: Transaction, class_id: uuid.UUID) -> None:
    """Count the terms of all closed dossiers of a branch of the plan once this act is committed."""
    tx.enqueue(RECOUNT, queue=SERVICE_QUEUE, lock=RECOUNT, class_id=str(class_id))
