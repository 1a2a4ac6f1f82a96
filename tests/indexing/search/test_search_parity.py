"""Both drivers give the same answers on the same entries: real council papers, hundreds of questions.

Scores are 32-bit sums in another order of additions, so they agree to about six digits, and two documents whose scores
are closer than that may change places; documents with equal text have equal scores in both and stand in the order of
their ids. Everything else (totals, facets, which pages, where a page of hits ends) must be equal.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from indexing.embedded import EmbeddedIndex
from indexing.opensearch import OpenSearchIndex
from indexing.search import Answer, DocumentEntries, Query, Rights, SearchIndex, Sort
from tests.indexing.search.samples import build, document
from tests.indexing.search.servers import open_on

DOCUMENTS = 300
QUESTIONS = 300
LONGEST = 6_000
TOLERANCE = 1e-5
"""Relative difference of two scores that 32-bit arithmetic may make."""

Pair = tuple[SearchIndex, SearchIndex]


@pytest.fixture(scope="module")
def texts(corpora: Path) -> list[str]:
    paths = sorted((corpora / "council" / "texts").glob("*.txt"))
    chosen = random.Random(3).sample(paths, DOCUMENTS)  # noqa: S311 - a fixed seed, so that a failure comes again
    return [path.read_text(encoding="utf-8", errors="replace")[:LONGEST] for path in chosen]


def _archive(texts: list[str]) -> list[DocumentEntries]:
    return [
        document(
            n,
            *text.split("\f"),
            title=" ".join(re.findall(r"\w{4,}", text)[n % 7 : n % 7 + 5]),
            exact=[f"632.{n % 9}-{n:05}/2021"],
            scope=1 + n % 5,
            dossier=n % 40,
            case=100 + n % 11 if n % 40 else 0,
            plan_class=f"632.{n % 9}",
            unit=("Bauamt", "Ordnungsamt", "Kämmerei")[n % 3],
            kind=("incoming", "outgoing")[n % 2],
            day=date(2019, 1, 1) + timedelta(days=5 * (n % 200)),
            reference=f"632.{n % 9}-{n:05}",
        )
        # Twice the same text under two ids: a tie that both must break alike.
        for n, text in enumerate([*texts, texts[0], texts[0]])
    ]


@pytest.fixture(scope="module")
def both(
    texts: list[str], opensearch: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EmbeddedIndex, OpenSearchIndex]]:
    folder = tmp_path_factory.mktemp("parity")
    indexes = EmbeddedIndex(folder), open_on(opensearch, folder.name)
    for index in indexes:
        build(index, _archive(texts))
    yield indexes
    for index in indexes:
        index.close()


def _questions(texts: list[str]) -> Iterator[tuple[Query, Rights, Rights]]:
    """Words, sentences, slips, phrases and numbers from the texts, under changing rights and filters."""
    chance = random.Random(7)  # noqa: S311 - as above
    while True:
        words = re.findall(r"\w{3,}", chance.choice(texts))
        if len(words) < 30:
            continue
        start = chance.randrange(len(words) - 15)
        row = words[start : start + 15]
        text = chance.choice(
            [
                chance.choice(row),
                " ".join(chance.sample(row, 2)),
                " ".join(chance.sample(row, chance.randint(3, 12))),
                f"„{' '.join(row[:2])}“ {row[9]}",
                max(row, key=len)[:-3],
                max(row, key=len)[3:],
                max(row, key=len).replace("e", "r", 1),
                f"632.{chance.randint(0, 8)}-{chance.randint(0, DOCUMENTS):05}/2021",
                "",
            ]
        )
        content = Rights(
            frozenset(chance.sample(range(1, 6), chance.randint(1, 5))),
            frozenset(chance.sample(range(1, 120), chance.choice([0, 3, 60]))),
            frozenset(chance.sample(range(1, 40), chance.choice([0, 2]))),
            frozenset(chance.sample(range(1, 40), chance.choice([0, 2]))),
        )
        metadata = chance.choice([content, replace(content, scopes=frozenset(range(1, 6)))])
        query = Query(
            text,
            units=chance.choice([frozenset(), frozenset({"Bauamt", "Kämmerei"})]),
            kinds=chance.choice([frozenset(), frozenset(), frozenset({"incoming"})]),
            since=chance.choice([None, None, date(2020, 2, 1)]),
            sort=chance.choice([Sort.RELEVANCE, Sort.RELEVANCE, *Sort]),
            limit=10,
        )
        yield query, content, metadata


def _agree(one: Answer, other: Answer) -> bool:
    """The same hits in the same order, but for neighbours whose scores 32 bits cannot tell apart."""
    if (one.total, dict(one.facets)) != (other.total, dict(other.facets)) or len(one.hits) != len(other.hits):
        return False
    for mine, theirs in zip(one.hits, other.hits, strict=True):
        if mine.score != pytest.approx(theirs.score, rel=TOLERANCE):
            return False
        if mine.document != theirs.document and mine.score not in {
            pytest.approx(hit.score, rel=TOLERANCE) for hit in one.hits if hit is not mine
        }:
            return False
        if mine.document == theirs.document and set(mine.pages) != set(theirs.pages):
            return False
    return (one.next is None) == (other.next is None)


def test_both_drivers_give_the_same_top_ten(both: Pair, texts: list[str]) -> None:
    embedded, server = both
    differing, same_order, answered = [], 0, 0
    for _, (query, content, metadata) in zip(range(QUESTIONS), _questions(texts), strict=False):
        one = embedded.query(query, content=content, metadata=metadata)
        other = server.query(query, content=content, metadata=metadata)
        answered += bool(one.total)
        same_order += [hit.document for hit in one.hits] == [hit.document for hit in other.hits]
        if not _agree(one, other):
            differing.append((query, one.total, other.total, one.hits[:3], other.hits[:3]))
    assert differing == []
    assert answered > QUESTIONS * 0.8, "questions without answers prove nothing"
    assert same_order >= QUESTIONS * 0.98


def test_pages_end_at_the_same_places_and_the_mark_of_one_is_read_by_the_other(both: Pair, texts: list[str]) -> None:
    embedded, server = both
    everyone = Rights(frozenset(range(1, 6)))
    for query, _, _ in (next(iter(_questions(texts))) for _ in range(1)):
        for sort in Sort:
            asked = Query(query.text or "Stadt Karlsruhe", sort=sort, limit=7)
            first = embedded.query(asked, content=everyone, metadata=everyone)
            again = server.query(replace(asked, after=first.next), content=everyone, metadata=everyone)
            second = embedded.query(replace(asked, after=first.next), content=everyone, metadata=everyone)
            assert [hit.document for hit in again.hits] == [hit.document for hit in second.hits]
