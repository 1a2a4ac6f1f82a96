"""The hard edges of access, each as a person meets it: lists, search, opening, and what an error gives away."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from eakte.access import Want
from eakte.errors import EakteError, InvalidInput, NotAllowed, NotFound
from eakte.operations.closing import close_dossier, reopen_dossier, set_event
from eakte.operations.document_changes import change_document
from eakte.operations.documents import view_document
from eakte.operations.dossier_lists import DossierFilter, list_dossiers
from eakte.operations.dossiers import readable_case, readable_dossier, writable_dossier
from eakte.operations.filing import Draft, check_draft
from eakte.operations.listing import list_cases, list_documents
from eakte.operations.moving import move_dossier
from eakte.operations.opening import NewCase, create_case
from eakte.operations.searching import find_by_reference
from eakte.operations.waiting import retry
from eakte.terms import new_id, today
from tests.operations.office import PATTERN, Office

NO_READERS = ("archive", "approver", "auditor", "admin", "S1")


def known_to(office: Office, login: str) -> list[str]:
    """The titles of the dossiers in a person's list."""
    with office.backends.transactions.read() as session:
        return [row.title for row in list_dossiers(session, office.people[login], DossierFilter()).items]


def opens(office: Office, login: str, dossier: uuid.UUID, want: Want = Want.CONTENT) -> bool:
    with office.backends.transactions.read() as session:
        try:
            readable_dossier(session, office.people[login], dossier, want)
        except (NotFound, NotAllowed):
            return False
    return True


@pytest.fixture
def letter(office: Office) -> tuple[uuid.UUID, uuid.UUID]:
    """A dossier of unit 63 with a letter that is in the index."""
    dossier = office.dossier(title="Lindenweg 12")
    document = office.file(dossier=dossier, title="Widerspruch")
    office.read(document, "Gegen den Bescheid lege ich Widerspruch ein")
    office.index()
    return dossier, document


@pytest.mark.parametrize("share", ["none", "dossier", "case"])
@pytest.mark.parametrize("login", ["clerk63", "head63", "registrar"])
def test_exclusion_beats_every_grant(office: Office, login: str, share: str) -> None:
    dossier = office.dossier(title="Lindenweg 12")
    case = office.case(dossier)
    document = office.file(case=case, title="Widerspruch")
    office.read(document, "Bescheid")
    office.index()
    if share == "dossier":
        office.share(login, dossier_id=dossier)
    if share == "case":
        office.share(login, case_id=case)
    assert office.titles(login, "Widerspruch") == ["Widerspruch"]
    assert known_to(office, login) == ["Lindenweg 12"]
    office.exclude(login, dossier)
    result = office.search(login, "Widerspruch")
    assert (result.total, result.hits) == (0, [])
    assert not any(result.facets.values())
    assert known_to(office, login) == []
    assert not opens(office, login, dossier, Want.METADATA)
    for want in Want:
        with pytest.raises(NotFound):
            office.knows(login, document, want)


def test_an_exclusion_shuts_out_one_person_only(office: Office, letter: tuple[uuid.UUID, uuid.UUID]) -> None:
    dossier, _document = letter
    office.exclude("clerk63", dossier)
    assert known_to(office, "head63") == ["Lindenweg 12"]
    assert office.titles("head63", "Bescheid") == ["Widerspruch"]


@pytest.mark.parametrize(("days", "reads"), [(1, True), (0, True), (-1, False), (-400, False)])
def test_a_share_ends_with_its_last_day(
    office: Office, letter: tuple[uuid.UUID, uuid.UUID], days: int, reads: bool
) -> None:
    dossier, document = letter
    assert office.titles("clerk10", "Bescheid") == []
    office.share("clerk10", dossier_id=dossier, until=today() + timedelta(days=days))
    assert opens(office, "clerk10", dossier) is reads
    assert office.titles("clerk10", "Bescheid") == (["Widerspruch"] if reads else [])
    if reads:
        office.knows("clerk10", document)
    else:
        with pytest.raises(NotFound):
            office.knows("clerk10", document)


def test_a_share_reads_and_does_not_write(office: Office, letter: tuple[uuid.UUID, uuid.UUID]) -> None:
    dossier, document = letter
    office.share("clerk10", dossier_id=dossier)
    with pytest.raises(NotAllowed), office.backends.transactions.begin(office.people["clerk10"]) as tx:
        writable_dossier(tx, dossier)
    with pytest.raises(NotAllowed), office.backends.transactions.begin(office.people["clerk10"]) as tx:
        change_document(tx, document, {"title": "Anderer"}, revision=office.row(document).revision)
    assert office.row(document).title == "Widerspruch"


def test_a_share_of_a_case_shows_its_documents_and_no_others(office: Office) -> None:
    dossier = office.dossier()
    case = office.case(dossier)
    inside, beside = office.file(case=case, title="Drinnen"), office.file(dossier=dossier, title="Daneben")
    for document in (inside, beside):
        office.read(document, "Bescheid")
    office.index()
    office.share("clerk10", case_id=case)
    assert office.titles("clerk10", "Bescheid") == ["Drinnen"]
    office.knows("clerk10", inside)
    with pytest.raises(NotFound):
        office.knows("clerk10", beside)
    assert known_to(office, "clerk10") == []


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("login", NO_READERS)
def test_who_has_no_reading_role_sees_neither_content_nor_titles(
    office: Office, letter: tuple[uuid.UUID, uuid.UUID], login: str, shared: bool
) -> None:
    """Of the same unit, of the highest level, even with a share: their roles do not read."""
    dossier, document = letter
    office.file(inbox=True, title="Im Eingang")
    if shared:
        office.share(login, dossier_id=dossier)
    result = office.search(login, "Widerspruch")
    assert (result.total, result.hits) == (0, [])
    assert not any(result.facets.values())
    assert known_to(office, login) == []
    for want in Want:
        assert not opens(office, login, dossier, want)
        with pytest.raises(NotFound):
            office.knows(login, document, want)
    with office.backends.transactions.read() as session:
        assert list_documents(session, office.people[login], inbox=True).items == []


def test_the_registrar_knows_what_is_not_protected_and_reads_the_own_unit(office: Office) -> None:
    plain = office.dossier("head63", title="Plain", confidentiality="internal")
    office.dossier("head63", title="Protected", confidentiality="protected")
    own = office.dossier("registrar", title="Own", confidentiality="protected")
    assert known_to(office, "registrar") == ["Plain", "Own"]
    assert opens(office, "registrar", plain, Want.METADATA)
    with office.backends.transactions.read() as session, pytest.raises(NotAllowed):
        readable_dossier(session, office.people["registrar"], plain, Want.CONTENT)
    assert opens(office, "registrar", own)


def test_the_registrar_finds_foreign_letters_by_their_metadata_and_not_by_their_text(
    office: Office, letter: tuple[uuid.UUID, uuid.UUID]
) -> None:
    _dossier, document = letter
    assert office.titles("registrar", "Widerspruch") == ["Widerspruch"]
    assert office.search("registrar", "Widerspruch").hits[0].passages == []
    assert office.titles("registrar", "lege") == []
    with pytest.raises(NotAllowed):
        office.knows("registrar", document)


def test_the_registrar_learns_nothing_of_inboxes_of_other_units(office: Office) -> None:
    """Metadata of dossiers keep the plan free of doubles; what is not yet filed has no such reason."""
    document = office.file("clerk63", inbox=True, title="Anzeige gegen Nachbarn")
    office.read(document, "Er lärmt")
    office.index()
    assert office.titles("clerk63", "Anzeige") == ["Anzeige gegen Nachbarn"]
    result = office.search("registrar", "Anzeige")
    assert (result.total, result.hits) == (0, [])
    assert not any(result.facets.values())
    with pytest.raises(NotFound):
        office.knows("registrar", document, Want.METADATA)


def test_an_inbox_is_read_in_its_unit_and_above_from_level_internal(office: Office) -> None:
    document = office.file("clerk631", inbox=True, title="Eingang")
    office.read(document, "Bescheid")
    office.index()
    seen = {login for login in office.people if office.titles(login, "Bescheid")}
    assert seen == {"clerk631", "clerk63", "head63"}


Attempt = Callable[[Office, uuid.UUID], object]


READING: dict[str, Attempt] = {
    "open": lambda o, i: _session(o, lambda s, a: readable_dossier(s, a, i)),
    "list documents": lambda o, i: _session(o, lambda s, a: list_documents(s, a, dossier=i)),
    "list cases": lambda o, i: _session(o, lambda s, a: list_cases(s, a, i, after=None, limit=10)),
    "check a draft": lambda o, i: _session(o, lambda s, a: check_draft(s, a, Draft(dossier=i))),
    "open a case": lambda o, i: _act(o, lambda tx: create_case(tx, NewCase(dossier=i, title="V"))),
    "close": lambda o, i: _act(o, lambda tx: close_dossier(tx, i)),
    "reopen": lambda o, i: _act(o, lambda tx: reopen_dossier(tx, i, reason="x")),
    "event": lambda o, i: _act(o, lambda tx: set_event(tx, i, name="x", on=today())),
    "close with a stale revision": lambda o, i: _act(o, lambda tx: close_dossier(tx, i, revision=99)),
}


def _session(office: Office, ask: Callable[..., object]) -> object:
    with office.backends.transactions.read() as session:
        return ask(session, office.people["clerk10"])


def _act(office: Office, act: Callable[..., object]) -> object:
    with office.backends.transactions.begin(office.people["clerk10"]) as tx:
        return act(tx)


def _answer(act: Callable[[], object]) -> tuple[type, str, str | None, object]:
    with pytest.raises(EakteError) as caught:
        act()
    return type(caught.value), caught.value.title, caught.value.detail, caught.value.errors


@pytest.fixture(scope="module")
def hidden(shared_office: Office) -> dict[str, uuid.UUID]:
    """A protected dossier of unit 63 with a case and a failed document: nothing of it exists for clerk10."""
    dossier = shared_office.dossier("head63", confidentiality="protected", title="Geheim")
    case = shared_office.case(dossier, "head63")
    document = shared_office.file("head63", case=case)
    shared_office.give_up(document)
    return {"dossier": dossier, "case": case, "document": document}


@pytest.mark.parametrize("way", READING)
def test_a_dossier_that_may_not_be_known_answers_like_one_that_is_not_there(
    shared_office: Office, hidden: dict[str, uuid.UUID], way: str
) -> None:
    real = _answer(lambda: READING[way](shared_office, hidden["dossier"]))
    absent = _answer(lambda: READING[way](shared_office, new_id()))
    assert real == absent
    assert real[0] is NotFound


@pytest.mark.parametrize("way", ["view", "change", "retry"])
def test_a_document_that_may_not_be_known_answers_like_one_that_is_not_there(
    shared_office: Office, hidden: dict[str, uuid.UUID], way: str
) -> None:
    ways: dict[str, Attempt] = {
        "view": lambda o, i: _session(o, lambda s, a: view_document(s, a, i)),
        "change": lambda o, i: _act(o, lambda tx: change_document(tx, i, {"title": "x"}, revision=1)),
        "retry": lambda o, i: _act(o, lambda tx: retry(tx, i)),
    }
    real = _answer(lambda: ways[way](shared_office, hidden["document"]))
    assert real == _answer(lambda: ways[way](shared_office, new_id()))
    assert real[0] is NotFound


def test_a_case_that_may_not_be_known_answers_like_one_that_is_not_there(
    shared_office: Office, hidden: dict[str, uuid.UUID]
) -> None:
    def ask(case: uuid.UUID) -> Callable[[], object]:
        return lambda: _session(shared_office, lambda s, a: readable_case(s, a, case))

    assert _answer(ask(hidden["case"])) == _answer(ask(new_id()))


def test_a_reference_number_that_may_not_be_known_is_not_found(
    shared_office: Office, hidden: dict[str, uuid.UUID]
) -> None:
    number = shared_office.dossier_row(hidden["dossier"]).reference_number
    with shared_office.backends.transactions.read() as session:
        assert find_by_reference(session, shared_office.people["clerk10"], number) is None
        assert find_by_reference(session, shared_office.people["registrar"], number) is None
        found = find_by_reference(session, shared_office.people["head63"], number)
    assert found is not None


def test_a_number_that_was_given_is_refused_alike_whoever_has_it(
    shared_office: Office, hidden: dict[str, uuid.UUID]
) -> None:
    """The registrar who takes over numbers learns of a number, and nothing of the dossier behind it."""
    visible = shared_office.dossier("registrar")
    old = shared_office.dossier_row(visible).reference_number
    with shared_office.backends.transactions.begin(shared_office.people["registrar"]) as tx:
        move_dossier(tx, visible, plan_class="632.1", reason="x", pattern=PATTERN)
    numbers = [old, *(shared_office.dossier_row(each).reference_number for each in (visible, hidden["dossier"]))]
    said = set()
    for number in numbers:
        with pytest.raises(InvalidInput) as refused:
            shared_office.dossier("registrar", reference_number=number)
        said.add(str(refused.value.errors).replace(number, "…"))
    assert len(said) == 1
