"""Documents for search tests, and the rules of search written down naively."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import date

from indexing import passages
from indexing.search import Description, DocumentEntries, Facet, Query, Rights, SearchIndex

EVERYONE = Rights(scopes=frozenset({1}))


def number(n: int) -> uuid.UUID:
    """An id whose order is not the order of n."""
    return uuid.uuid5(uuid.NAMESPACE_OID, str(n))


def document(
    n: int,
    *pages: str,
    title: str = "",
    exact: Sequence[str] = (),
    others: Sequence[str] = (),
    revision: int = 1,
    scope: int = 1,
    dossier: int = 0,
    case: int = 0,
    plan_class: str = "632.2",
    unit: str = "Ordnungsamt",
    kind: str = "Schreiben",
    state: str = "ready",
    day: date = date(2026, 3, 12),
    reference: str = "",
) -> DocumentEntries:
    names = [name for name in (title, *exact) if name]
    return DocumentEntries(
        document=number(n),
        revision=revision,
        scope=scope,
        dossier=dossier,
        case=case,
        plan_class=plan_class,
        unit=unit,
        kind=kind,
        state=state,
        day=day,
        reference_key=reference,
        description=passages.describe(exact=names, others=others) if names or others else Description("", ""),
        entries=passages.windows(pages),
    )


def build(index: SearchIndex, documents: Sequence[DocumentEntries] = ()) -> None:
    rebuild = index.start_rebuild()
    index.fill(rebuild, documents)
    index.finish_rebuild(rebuild)


def found(index: SearchIndex, text: str, rights: Rights = EVERYONE) -> list[uuid.UUID]:
    answer = index.query(Query(text, limit=100), content=rights, metadata=rights)
    assert answer.total == len(answer.hits)
    return [hit.document for hit in answer.hits]


def naively_visible(entries: DocumentEntries, rights: Rights) -> bool:
    """The sentence of the architecture, word by word; shares nothing with `Rights.allow`."""
    reasons = [
        entries.scope in rights.scopes and not (entries.dossier != 0 and entries.dossier in rights.withheld),
        entries.dossier != 0 and entries.dossier in rights.dossiers,
        entries.case != 0 and entries.case in rights.dossiers,
    ]
    if entries.dossier != 0 and entries.dossier in rights.excepted:
        return False
    return True in reasons


def naively_left(entries: DocumentEntries, query: Query) -> bool:
    wanted = [
        not query.units or entries.unit in query.units,
        not query.kinds or entries.kind in query.kinds,
        not query.plan_classes or entries.plan_class in query.plan_classes,
        not query.states or entries.state in query.states,
        entries.state not in query.without_states,
        query.since is None or entries.day >= query.since,
        query.until is None or entries.day <= query.until,
        query.within is None or query.within in {entries.dossier, entries.case},
    ]
    return all(wanted)


def naive_facets(documents: Sequence[DocumentEntries]) -> dict[Facet, dict[str, int]]:
    return {
        Facet.PLAN_CLASS: dict(Counter(d.plan_class for d in documents if d.plan_class)),
        Facet.UNIT: dict(Counter(d.unit for d in documents if d.unit)),
        Facet.KIND: dict(Counter(d.kind for d in documents if d.kind)),
        Facet.STATE: dict(Counter(d.state for d in documents if d.state)),
        Facet.YEAR: dict(Counter(str(d.day.year) for d in documents)),
    }
