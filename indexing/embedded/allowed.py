"""`Rights.allow` as clauses without a score, also for somebody with whom fifty thousand dossiers were shared.

To say so many numbers to the engine, to copy them (it does wherever a clause is put into another one) and to look them
up, for hits and for facets and for each way of loosening, takes longer than a question that finds little. So clauses
are kept, and before one of many numbers is used the engine is asked what fits the words alone, whoever may see it:
where that is little, only numbers that occur there are said. What is found is the same.
"""

import threading
from collections import OrderedDict
from itertools import chain

import tantivy
from tantivy import Occur, Searcher
from tantivy import Query as Clause

from indexing.embedded.clauses import any_of, total_of
from indexing.search import Rights

MANY = 3_000
"""Numbers from which on it pays to look first which of them occur."""

PART = 10
"""A tenth of so many numbers: as many documents may fit for a look at theirs to be cheaper than saying all."""


class Allowed:
    """Clauses of rights; those asked for last are kept."""

    KEPT = 16

    def __init__(self) -> None:
        self._kept: OrderedDict[Rights, Clause] = OrderedDict()
        self._mutex = threading.Lock()

    def of(self, schema: tantivy.Schema, rights: Rights) -> Clause:
        """The clause of these rights. All generations of this version have one schema."""
        with self._mutex:
            known = self._kept.get(rights)
        clause = known or allowed_by(schema, rights, rights.dossiers)
        with self._mutex:
            self._kept[rights] = clause
            self._kept.move_to_end(rights)
            while len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        return clause


def allowed_by(schema: tantivy.Schema, rights: Rights, single: frozenset[int]) -> Clause:
    """The clause of these rights with some of their `dossiers`, made anew; empty rights match nothing."""

    def numbers(field: str, wanted: frozenset[int]) -> Clause:
        return Clause.term_set_query(schema, field, list(wanted))

    def but_not(clause: Clause, dossiers: frozenset[int]) -> Clause:
        if not dossiers:
            return clause
        return Clause.boolean_query([(Occur.Must, clause), (Occur.MustNot, numbers("dossier", dossiers))])

    options = []
    if rights.scopes:
        options.append(but_not(numbers("scope", rights.scopes), rights.withheld))
    if single:
        options.append(numbers("shared", single))
    return Clause.const_score_query(but_not(any_of(options), rights.excepted), 0.0)


def numbers_among(documents: Searcher, fitting: Clause, *, most: int) -> frozenset[object] | None:
    """The numbers of the dossiers and cases of all that fits; None where more than `most` documents do."""
    result = documents.search(fitting, most, count=True)
    if total_of(result) > most:
        return None
    addresses = [address for _, address in result.hits]
    return frozenset(chain(*(documents.fast_field_values(field, addresses) for field in ("dossier", "case"))))
