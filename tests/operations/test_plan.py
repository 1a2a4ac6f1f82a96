"""The plan as rows: inheritance, uniqueness, and an import that happens whole or not at all."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import pytest

from eakte.audit import Tag
from eakte.errors import InvalidInput, NotAllowed, NotFound
from eakte.models import PlanClass
from eakte.operations.plan import create_class, find_class, list_classes, view_class
from eakte.operations.plan_files import read_plan
from eakte.operations.plan_import import Difference, take_over
from eakte.operations.plan_rows import PlanRow
from eakte.operations.plan_rules import RetentionWords
from eakte.operations.plan_words import Position
from eakte.terms import new_id, today
from retention.terms import Appraisal, Term
from tests.operations.office import PLAN, Office

EMPTY: dict[str, Any] = {each.name: None for each in fields(PlanRow)}


def row(number: str, parent: str | None = None, **said: Any) -> PlanRow:
    known = EMPTY | {"number": number, "title": f"Klasse {number}", "parent": parent, "files_allowed": True}
    known["position"] = Position(None, 2)
    return PlanRow(**(known | said))


def imported(office: Office, *rows: PlanRow, by: str = "registrar", day: date | None = None) -> Difference:
    with office.backends.transactions.begin(office.people[by]) as tx:
        return take_over(tx, rows, digest=None, valid_from=day or today(), close_missing=False)


def created(office: Office, number: str, by: str = "registrar", **said: Any) -> PlanClass:
    with office.backends.transactions.begin(office.people[by]) as tx:
        return create_class(tx, **({"number": number, "title": "x", "parent": None, "unit": None} | said))


def numbers(office: Office) -> list[str]:
    with office.backends.transactions.read() as session:
        return [view.row.number for view in list_classes(session)]


def test_a_class_inherits_what_it_does_not_say_and_names_where_from(shared_office: Office) -> None:
    with shared_office.backends.transactions.read() as session:
        view = view_class(session, find_class(session, "632.1").id)
    assert view.leaf
    assert str(view.resolved.term.value) == "P30Y"
    assert view.resolved.term.source == "632"
    assert view.resolved.appraisal.value is Appraisal("B")
    assert view.resolved.appraisal.source == "6"


def test_the_plan_stands_in_reading_order(office: Office) -> None:
    created(office, "632.10", parent="632")
    created(office, "632.9", parent="632")
    created(office, "Ä 1")
    created(office, "B 1")
    assert numbers(office) == [
        "02",
        "03",
        "09",
        "6",
        "63",
        "632",
        "632.1",
        "632.2",
        "632.9",
        "632.10",
        "634",
        "Ä 1",
        "B 1",
    ]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"number": "632"}, "number"),
        ({"number": " "}, "number"),
        ({"number": "1" * 51}, "number"),
        ({"parent": "99"}, "parent"),
        ({"parent": str(new_id())}, "parent"),
        ({"unit": "99"}, "unit"),
        ({"title": ""}, "title"),
        ({"words": RetentionWords(term="zehn Jahre")}, "retention.term"),
        ({"words": RetentionWords(term="")}, "retention.term"),
        ({"words": RetentionWords(anchor="event:")}, "retention.anchor"),
        ({"words": RetentionWords(rounding="week")}, "retention.rounding"),
        ({"words": RetentionWords(appraisal="X")}, "appraisal"),
        ({"words": RetentionWords(offer_by="permanent")}, "offer_by"),
        ({"words": RetentionWords(transfer_grace="permanent")}, "transfer_grace"),
        ({"words": RetentionWords(disposal_level="page")}, "disposal_level"),
        ({"words": RetentionWords(applies_to="all")}, "retention.applies_to"),
    ],
)
def test_bad_input_names_its_field(shared_office: Office, said: dict[str, Any], at: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        created(shared_office, **({"number": "99"} | said))
    assert [error.at for error in caught.value.errors] == [at]
    assert shared_office.count("plan_class") == len(PLAN)


@pytest.mark.parametrize("by", ["clerk63", "head63", "admin", "archive", "auditor"])
def test_the_registrar_keeps_the_plan(shared_office: Office, by: str) -> None:
    with pytest.raises(NotAllowed):
        created(shared_office, "99", by)
    with pytest.raises(NotAllowed):
        imported(shared_office, row("99"), by=by)
    assert shared_office.count("plan_class") == len(PLAN)


def test_a_class_of_which_nobody_knows_is_not_found(office: Office) -> None:
    with office.backends.transactions.read() as session:
        with pytest.raises(NotFound):
            view_class(session, new_id())
        with pytest.raises(InvalidInput):
            find_class(session, "\x01")


class TestImport:
    def test_children_may_stand_before_their_parents(self, office: Office) -> None:
        report = imported(office, row("711", "71"), row("71", "7"), row("7"), row("632.3", "632"))
        assert sorted(each.number for each in report.new) == ["632.3", "7", "71", "711"]
        assert numbers(office)[-3:] == ["7", "71", "711"]
        with office.backends.transactions.read() as session:
            parent = session.get_one(PlanClass, find_class(session, "711").parent_id)
            assert parent.number == "71"

    @pytest.mark.parametrize(
        ("bad", "at"),
        [
            ({"unit": "99"}, "Zeile 2, Spalte Organisationseinheit"),
            ({"parent": "98"}, "parent"),
            ({"title": "x" * 501}, "title"),
        ],
    )
    def test_one_bad_row_refuses_all(self, office: Office, bad: dict[str, Any], at: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            imported(office, row("7"), row("71", "7"), row("72", **bad), row("8"))
        assert caught.value.errors[0].at == at
        assert office.count("plan_class") == len(PLAN)
        assert office.sql("SELECT 1 FROM audit_entry WHERE tag = %s", Tag.PLAN_IMPORT.value) == []

    def test_it_is_one_act_on_many_classes(self, office: Office) -> None:
        imported(office, row("7"), row("71", "7"))
        ((details,),) = office.sql("SELECT details FROM audit_entry WHERE tag = %s", Tag.PLAN_IMPORT.value)
        counted = [details[name] for name in ("created", "changed", "closed", "unchanged")]
        assert (counted, len(details["subjects"])) == ([2, 0, 0, 0], 2)

    def test_classes_that_exist_say_from_the_day_on_what_the_file_says(self, office: Office) -> None:
        changed = row("632", "63", title="Anders", term=Term.parse("P1Y"), files_allowed=False)
        report = imported(office, changed, row("7"), row("63", "6"), row("6"), day=today() + timedelta(days=1))
        assert [each.number for each in report.new] == ["7"]
        assert {value.name for each in report.changed if each.number == "632" for value in each.values} == {
            "title",
            "term",
        }
        with office.backends.transactions.read() as session:
            there = find_class(session, "632")
            assert (there.title, there.term) == ("Genehmigungen", "P30Y")
            tomorrow = view_class(session, there.id, today() + timedelta(days=1)).said
            assert (tomorrow.title, tomorrow.term) == ("Anders", "P1Y")

    def test_a_file_goes_all_the_way(self, office: Office, tmp_path: Any) -> None:
        path = tmp_path / "plan.csv"
        path.write_text("Nummer;Titel;Aufbewahrungsfrist\n7;Umwelt;10 Jahre\n71;Abfall;\n", encoding="utf-8")
        imported(office, *read_plan(path))
        with office.backends.transactions.read() as session:
            view = view_class(session, find_class(session, "71").id)
        assert str(view.resolved.term.value) == "P10Y"
        assert view.row.valid_from is None or view.row.valid_from <= date.max
