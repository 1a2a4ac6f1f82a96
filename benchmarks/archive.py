"""Generated entries for the search benchmarks: German official words, some far more frequent than others."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, timedelta

from indexing import passages
from indexing.search import DocumentEntries, Rights

SEED = 11
SCOPES = 12
EVERYWHERE = Rights(frozenset(range(1, SCOPES + 1)))
SOMEWHERE = Rights(frozenset(range(1, 5)), frozenset(range(1, 200)), frozenset({3}))
"""What a clerk sees: a third of the scopes, some shares, one exclusion."""

_BEGINNINGS = (
    *("Grund", "Bau", "Straßen", "Verwaltungs", "Gewerbe", "Hunde", "Friedhofs", "Abfall", "Wasser", "Schul"),
    *("Kinder", "Jugend", "Sozial", "Ordnungs", "Personal", "Haushalts", "Steuer", "Melde", "Wahl", "Umwelt"),
    *("Natur", "Denkmal", "Feuer", "Brand", "Verkehrs", "Park", "Markt", "Vereins", "Kultur", "Sport"),
)
_ENDINGS = (
    *("gebühr", "bescheid", "satzung", "genehmigung", "antrag", "verordnung", "ausschuss", "vorlage", "beschluss"),
    *("planung", "prüfung", "anlage", "vertrag", "kosten", "erhebung", "befreiung", "aufsicht", "schutz"),
)
_SMALL = ("der", "die", "das", "und", "in", "für", "von", "mit", "auf", "nach", "über", "wird", "sind", "zur", "bei")


def words() -> list[str]:
    """The vocabulary, most frequent first."""
    compounds = [begin + end for end in _ENDINGS for begin in _BEGINNINGS]
    random.Random(SEED).shuffle(compounds)  # noqa: S311 - a fixed seed gives every run the same archive
    return [word.capitalize() for word in compounds]


def documents(count: int) -> Iterator[DocumentEntries]:
    """So many documents of one to six pages of about 120 words; half of the words are small ones."""
    chance = random.Random(SEED)  # noqa: S311 - as above
    vocabulary = words()
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    for number in range(count):
        pages = []
        for _ in range(chance.choice([1, 1, 2, 2, 3, 6])):
            heavy = chance.choices(vocabulary, weights, k=60)
            pages.append(" ".join(f"{chance.choice(_SMALL)} {word}" for word in heavy) + f" § {number % 300}.")
        title = " ".join(chance.choices(vocabulary, k=3))
        reference = f"632.{number % 9}-{number:05}/2021"
        yield DocumentEntries(
            document=uuid.UUID(int=chance.getrandbits(128)),
            revision=1,
            scope=1 + number % SCOPES,
            dossier=1 + number // 10,
            case=0,
            plan_class=f"632.{number % 9}",
            unit=f"unit{number % SCOPES}",
            kind=("incoming", "outgoing", "internal")[number % 3],
            state="open",
            day=date(2015, 1, 1) + timedelta(days=number % 3_000),
            reference_key=reference,
            description=passages.describe(exact=[title, reference], others=[f"Firma {title.split()[0]}"]),
            entries=passages.windows(pages),
        )


def questions(count: int) -> list[str]:
    """What people type: one to four words, parts of compounds, a slip now and then."""
    chance = random.Random(SEED + 1)  # noqa: S311 - as above
    vocabulary = words()
    found = []
    for _ in range(count):
        asked = chance.choices(vocabulary[:300], k=chance.choice([1, 1, 2, 2, 3, 4]))
        if chance.random() < 0.1:
            asked[0] = asked[0][:3] + asked[0][4:]
        found.append(" ".join(asked))
    return found
