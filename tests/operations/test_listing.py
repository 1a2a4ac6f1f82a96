"""Lists: all pages together are the list, whatever their size, and no mark opens anything else."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from eakte.errors import InvalidInput, NotAllowed, NotFound
from eakte.operations import dossier_lists
from eakte.operations.dossier_lists import DossierFilter, count_dossiers, dossiers_per_class, list_dossiers
from eakte.operations.listing import list_cases, list_documents
from eakte.operations.paging import MAX_LIMIT, Page
from eakte.operations.plan import find_class
from eakte.terms import new_id
from tests.operations.office import Office

DOSSIERS, DOCUMENTS, CASES, LETTERS = 11, 9, 7, 5
Ask = Callable[[str | None, int], Page[Any]]


class Lists:
    """Every list of the product over one office that nobody changes."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.dossiers = [
            office.dossier("head63", title=f"Akte {n}", plan_class=("632.2", "634")[n % 2]) for n in range(DOSSIERS)
        ]
        office.dossier("head63", title="Geschützt", confidentiality="protected")
        office.dossier("clerk10", title="Fremd")
        first = self.dossiers[0]
        self.cases = [office.case(first) for _ in range(CASES)]
        self.documents = [office.file(dossier=first, title=f"Brief {n}") for n in range(DOCUMENTS)]
        self.in_case = [office.file(case=self.cases[0], title=f"Im Vorgang {n}") for n in range(3)]
        self.letters = [office.file(inbox=True, title=f"Eingang {n}") for n in range(LETTERS)]
        office.file("clerk10", inbox=True)

    def pages(self, kind: str) -> Ask:
        clerk = self.office.people["clerk63"]

        def ask(after: str | None, limit: int) -> Page[Any]:
            with self.office.backends.transactions.read() as session:
                if kind == "dossiers":
                    return list_dossiers(session, clerk, DossierFilter(), after=after, limit=limit)
                if kind == "cases":
                    return list_cases(session, clerk, self.dossiers[0], after=after, limit=limit)
                places: dict[str, dict[str, Any]] = {
                    "documents": {"dossier": self.dossiers[0]},
                    "case": {"case": self.cases[0]},
                    "inbox": {"inbox": True},
                }
                return list_documents(session, clerk, **places[kind], after=after, limit=limit)

        return ask


@pytest.fixture(scope="module")
def lists(shared_office: Office) -> Lists:
    return Lists(shared_office)


def id_of(item: Any) -> uuid.UUID:
    found: uuid.UUID = (item.document if hasattr(item, "document") else item).id
    return found


def all_of(ask: Ask, size: int) -> list[uuid.UUID]:
    seen, after = [], None
    while True:
        page = ask(after, size)
        assert len(page.items) <= size
        seen += [id_of(item) for item in page.items]
        after = page.next
        if after is None:
            return seen


KINDS = {"dossiers": DOSSIERS, "documents": DOCUMENTS + 3, "case": 3, "inbox": LETTERS, "cases": CASES}


@pytest.mark.parametrize("kind", KINDS)
def test_pages_of_every_size_together_are_the_whole_list(lists: Lists, kind: str) -> None:
    ask = lists.pages(kind)
    whole = [id_of(item) for item in ask(None, MAX_LIMIT).items]
    assert len(whole) == len(set(whole)) == KINDS[kind]
    for size in range(1, len(whole) + 2):
        assert all_of(ask, size) == whole, size


def test_dossiers_stand_by_reference_number_and_documents_newest_first(lists: Lists) -> None:
    numbers = [row.reference_number for row in lists.pages("dossiers")(None, 100).items]
    assert numbers == sorted(numbers)
    assert [id_of(item) for item in lists.pages("documents")(None, 3).items] == lists.in_case[::-1]


@pytest.mark.parametrize("limit", [-5, 0, 1, 10**9])
def test_a_page_has_a_sensible_size_whatever_is_asked(lists: Lists, limit: int) -> None:
    assert 1 <= len(lists.pages("dossiers")(None, limit).items) <= MAX_LIMIT


def mark(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


BAD_MARKS = [
    "x",
    "ä",
    "====",
    "%00",
    mark(),
    mark("1"),
    mark(1, 2),
    mark("a", "b"),
    mark("a", None),
    mark("a", str(new_id()), "c"),
    mark("\ud800", "019a0000-0000-7000-8000-000000000000"),
    mark("\x00", "019a0000-0000-7000-8000-000000000000"),
    mark({"a": "b"}),
    base64.urlsafe_b64encode(b"[" * 5000).decode(),
    base64.urlsafe_b64encode(b'"ab"').decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


@pytest.mark.parametrize("after", BAD_MARKS, ids=range(len(BAD_MARKS)))
@pytest.mark.parametrize("kind", KINDS)
def test_a_mark_that_this_list_did_not_give_is_bad_input(lists: Lists, kind: str, after: str) -> None:
    if kind == "cases" and after == mark("1"):
        return  # a mark of this very list
    with pytest.raises(InvalidInput):
        lists.pages(kind)(after, 10)


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (DossierFilter(), DOSSIERS),
        (DossierFilter(plan_class="634"), 5),
        (DossierFilter(plan_class="02"), 0),
        (DossierFilter(unit="63"), DOSSIERS),
        (DossierFilter(unit="10"), 0),
        (DossierFilter(state="open"), DOSSIERS),
        (DossierFilter(state="due"), 0),
        (DossierFilter(closed=True), 0),
        (DossierFilter(contains="akte 1"), 2),
        (DossierFilter(contains="634-"), 5),
        (DossierFilter(contains="%"), 0),
        (DossierFilter(contains="_"), 0),
        (DossierFilter(contains="Geschützt"), 0),
    ],
    ids=str,
)
def test_filters_narrow_what_may_be_known(lists: Lists, chosen: DossierFilter, count: int) -> None:
    with lists.office.backends.transactions.read() as session:
        page = list_dossiers(session, lists.office.people["clerk63"], chosen)
        assert len(page.items) == count
        assert count_dossiers(session, lists.office.people["clerk63"], chosen) == count


def test_of_many_it_is_only_said_that_they_are_many(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, several = lists.office.people["clerk63"], DossierFilter(contains="634-")
    with lists.office.backends.transactions.read() as session:
        place = find_class(session, "634").id
        exact = count_dossiers(session, clerk, several), dossiers_per_class(session, clerk, [place])[place]
        monkeypatch.setattr(dossier_lists, "MOST_COUNTED", 3)
        assert (count_dossiers(session, clerk, several), dossiers_per_class(session, clerk, [place])) == (4, {place: 4})
    assert min(exact) > 4


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (DossierFilter(plan_class="99"), "class"),
        (DossierFilter(unit="99"), "unit"),
        (DossierFilter(state="gone"), "state"),
    ],
)
def test_a_filter_that_means_nothing_is_bad_input(lists: Lists, said: DossierFilter, at: str) -> None:
    with lists.office.backends.transactions.read() as session, pytest.raises(InvalidInput) as caught:
        list_dossiers(session, lists.office.people["clerk63"], said)
    assert [error.at for error in caught.value.errors] == [at]


@pytest.mark.parametrize("where", [{}, {"dossier": new_id(), "inbox": True}, {"dossier": new_id(), "case": new_id()}])
def test_documents_are_listed_at_one_place(lists: Lists, where: dict[str, Any]) -> None:
    with lists.office.backends.transactions.read() as session, pytest.raises(InvalidInput):
        list_documents(session, lists.office.people["clerk63"], **where)


def test_who_knows_a_dossier_without_reading_it_gets_no_list(lists: Lists) -> None:
    registrar = lists.office.people["registrar"]
    with lists.office.backends.transactions.read() as session:
        for where in ({"dossier": lists.dossiers[0]}, {"case": lists.cases[0]}):
            with pytest.raises(NotAllowed):
                list_documents(session, registrar, **where)  # type: ignore[arg-type] # one of both
        with pytest.raises(NotAllowed):
            list_cases(session, registrar, lists.dossiers[0], after=None, limit=10)
        with pytest.raises(NotFound):
            list_documents(session, lists.office.people["clerk10"], dossier=lists.dossiers[0])


def test_an_inbox_of_another_unit_is_empty(lists: Lists) -> None:
    with lists.office.backends.transactions.read() as session:
        page = list_documents(session, lists.office.people["clerk63"], inbox=True, unit="10")
        assert page.items == []
        own = list_documents(session, lists.office.people["clerk10"], inbox=True)
        assert len(own.items) == 1
