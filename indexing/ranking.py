"""How a document is scored, the same in every driver: weights, how many words must be there, pages of hits.

The score of a document is what its whole text and its description score, plus what its best window scores. The numbers
were chosen on German question sets and are flat around their values.
"""

import base64
import binascii
import hashlib
import json
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

from indexing.german import QueryTerms, QueryWord
from indexing.search import Query, Sort
from indexing.search_errors import CursorInvalid

STEM = 1.0
"""Weight of a word's stem in the text."""

PIECES = 0.25
"""Weight of one piece of a word, beside its stem."""

PAIR = 0.4
"""Weight of two neighbouring words of the question that stand side by side."""

TITLE = 0.8
"""Weight of the same things in the description."""

EXACT = 10_000.0
"""Added where the whole question is a title or a reference number: above any sum of the rest."""

INSIDE = 4
"""Letters that a word must have to be looked for inside longer words."""

FEW_WORDS = 2
"""Words up to which all must be there."""

ENOUGH = 20
"""Documents that a sentence must find before looser matches are left out."""

BLOCK = 1_000
"""Documents, best by whole text first, that are ordered by whole + best window at a time."""

BEST_PAGES = 3
"""Pages named with a hit, at most."""

NEAR_BEST = 0.4
"""Share of the best window's score from which on another page is named."""

SHORTEST_RUN = 2
"""Pieces of the shortest stretch of a word that counts where no document has the word as typed: five letters."""


@dataclass(frozen=True, slots=True)
class Strictness:
    """One way to say which documents a question finds.

    Attributes:
        words: how many of its words a document must have; 0 where half of one word is enough (a slip of the pen).
        enough: this way is taken if it finds so many documents, else the next one is tried.
    """

    words: int
    enough: int


def strictness(words: int) -> tuple[Strictness, ...]:
    """The ways to try in turn.

    A few words are what a clerk wants to see together. A sentence is a question: hardly a document has all its words,
    so half of them must be there, and one is enough where that leaves next to nothing to choose from.
    """
    first = Strictness(words, 1) if words <= FEW_WORDS else Strictness(math.ceil(words / 2), ENOUGH)
    return first, Strictness(1, 1), Strictness(0, 0)


_LEVELS = range(len(strictness(1)))


def runs(word: QueryWord) -> tuple[tuple[str, ...], ...]:
    """Stretches of a word, about half of it: one slip leaves one of them whole in most words of 7 letters or more."""
    length = max(SHORTEST_RUN, len(word.pieces) // 2)
    return tuple(word.pieces[i : i + length] for i in range(len(word.pieces) - length + 1))


def fingerprint(query: Query) -> str:
    """What a cursor belongs to: everything of the question but the page."""
    parts = [sorted(part) if isinstance(part, frozenset) else str(part) for part in astuple(query)[:-2]]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=9).hexdigest()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended.

    Attributes:
        document: its last document.
        key: its sort key; empty where the order is by relevance.
        position: how many hits came up to it.
        level: which way of `strictness` was taken.
    """

    document: uuid.UUID
    key: str
    position: int
    level: int

    def encode(self, query: Query) -> str:
        """The opaque mark of the next page."""
        fields = [fingerprint(query), self.document.hex, self.key, self.position, self.level]
        return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")

    @staticmethod
    def decode(query: Query) -> "Cursor | None":
        """The place after which the page of `query` begins.

        Raises:
            CursorInvalid: the mark is broken or of another question.
        """
        if query.after is None:
            return None
        try:
            padded = query.after + "=" * (-len(query.after) % 4)
            mark, document, key, position, level = json.loads(base64.b64decode(padded, b"-_", validate=True))
            cursor = Cursor(uuid.UUID(hex=document), key, position, level)
        except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
            raise CursorInvalid("The mark of the next page is broken.") from error
        sound = (
            isinstance(key, str)
            and (not key or (key.isascii() and key.isalnum()))
            and type(level) is int
            and level in _LEVELS
        )
        if mark != fingerprint(query) or not sound or type(position) is not int or position < 0:
            raise CursorInvalid("The mark of the next page belongs to another question.")
        return cursor


def order_of(query: Query, terms: QueryTerms) -> Sort:
    """The order asked for; without words there is no relevance, so the newest come first."""
    return Sort.NEWEST if query.sort is Sort.RELEVANCE and terms.empty else query.sort


def key_of(sort: Sort) -> tuple[str, bool]:
    """The stored key of an order that is not by relevance, and whether it is read downwards."""
    match sort:
        case Sort.REFERENCE:
            return "reference", False
        case Sort.ADDED:
            return "document", True
        case _:
            return "newest", True


def combine(whole: Mapping[uuid.UUID, float], best_window: Mapping[uuid.UUID, float]) -> list[tuple[uuid.UUID, float]]:
    """Documents by the sum of both scores, best first, ties by id."""
    scored = ((document, score + best_window.get(document, 0.0)) for document, score in whole.items())
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def best_pages(windows: Sequence[tuple[float, int]]) -> tuple[int, ...]:
    """The pages of a document's windows (score, page; best first) that come near its best one."""
    pages = dict.fromkeys(page for score, page in windows if score >= windows[0][0] * NEAR_BEST)
    return tuple(pages)[:BEST_PAGES]


def newest_key(ordinal: int, document: uuid.UUID) -> str:
    """Unique sort key of the order "newest", read downwards; letters and digits only."""
    return f"d{ordinal:07d}{document.hex}"


_LETTERS = str.maketrans("0123456789abcdef", "bcdefghijklmnopq")


def reference_key(key: str, document: uuid.UUID) -> str:
    """Unique sort key of the order "reference", read upwards; letters only, in the order of the key's bytes.

    Each byte becomes two letters from b to q, and an a ends the key, so that a shorter key comes before its
    continuations.
    """
    letters = key.encode("utf-8", "replace")[:120].hex().translate(_LETTERS)
    return f"{letters}a{document.hex.translate(_LETTERS)}"


def facet_order(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Values of a facet, most documents first, ties by value; an empty value is none."""
    return tuple(sorted(((v, n) for v, n in counts.items() if v and n), key=lambda pair: (-pair[1], pair[0])))
