"""The list of hits as a file for a spreadsheet: what the search page tells of each, and nothing of their content."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from eakte.language import _, msgid
from eakte.models import PlanClass
from eakte.operations.fields import Definition, FieldOwner, definitions_of, shown_values
from eakte.operations.searching import Found, Question, find
from eakte.terms import Actor
from indexing.search import MAX_LIMIT, SearchIndex
from storage.blobs import BlobStore

MOST_HITS = 1_000
HEADS = msgid(("Betreff", "Art", "Datum", "Absender", "Aktenzeichen", "Akte", "Datenfelder", "Adresse"))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class HitList:
    """The first hits of a question; `whole` says whether that is all of them."""

    hits: Sequence[Found]
    whole: bool


def list_hits(session: Session, blobs: BlobStore, search: SearchIndex, actor: Actor, question: Question) -> HitList:
    """All hits that the actor may know, up to MOST_HITS. Raises SearchUnavailable, InvalidInput."""
    asked = replace(question, after=None, limit=MAX_LIMIT, quote=False)
    hits: list[Found] = []
    while True:
        result = find(session, blobs, search, actor, asked)
        hits += result.hits
        if result.next is None or len(hits) >= MOST_HITS:
            return HitList(hits[:MOST_HITS], result.next is None and len(hits) <= MOST_HITS)
        asked = replace(asked, after=result.next)


def fields_of(session: Session, hits: Iterable[Found]) -> list[str]:
    """The data fields of each hit's dossier and document as people read them; empty where there are none."""
    defined: dict[uuid.UUID, list[Definition]] = {}
    told = []
    for found in hits:
        shown: list[tuple[str, str]] = []
        if found.dossier is not None:
            class_id = found.dossier.plan_class_id
            if class_id not in defined:
                defined[class_id] = definitions_of(session, session.get_one(PlanClass, class_id))
            shown += shown_values(defined[class_id], FieldOwner.DOSSIER, found.dossier.fields or {})
            shown += shown_values(defined[class_id], FieldOwner.DOCUMENT, found.document.fields or {})
        told.append("; ".join(f"{label}: {text}" for label, text in shown))
    return told


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """As spreadsheets of this country open it: UTF-8 with its mark, semicolons."""
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=";").writerows([_harmless(each) for each in row] for row in rows)
    return target.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Sequence[str]]) -> bytes:
    """As a workbook of one sheet whose cells are texts."""
    import openpyxl  # noqa: PLC0415 - two tenths of a second at the start of everything, for a file once in a while

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_("Treffer"))
    for row in rows:
        sheet.append([_harmless(each) for each in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, whatever somebody called a document (CWE-1236)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
