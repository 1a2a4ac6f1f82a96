"""Stadt Rodenbeck as values: `town(seed, documents)` is the same for the same arguments, on every machine and day.

Days are counted from REFERENCE_DAY, not from today. Nothing is stored here; documents are made one by one on demand.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from eakte.sample import letters, scans
from eakte.sample.composing import (
    POSTCODE,
    TOWN,
    Facts,
    Letter,
    Party,
    compose,
    dossier_facts,
    fill,
    german_day,
    letter_facts,
    load,
    seeded,
    workday,
)
from eakte.sample.people import UNITS, USERS, SampleUnit, SampleUser

REFERENCE_DAY = date(2026, 11, 20)
"""A Friday: the youngest mail in the sample's inbox is of this day."""

SCAN_STATION = "S1"

_MONTHS = ("Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.")
_STATES = ("open", "open", "running", "open", "due")
_LONGEST_DUE = 12
"""Years: a class with a longer term has no dossier that is already due; its letters would be older than their form."""


@dataclass(frozen=True, slots=True)
class SampleCase:
    """A case of a dossier."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class SampleDossier:
    """A dossier. `events` are (name, day) as the class's anchor asks for; cases close with their dossier."""

    key: str
    title: str
    plan_class: str
    unit: str
    confidentiality: str
    created_on: date
    closed_on: date | None
    events: tuple[tuple[str, date], ...]
    cases: tuple[SampleCase, ...]


@dataclass(frozen=True, slots=True)
class SampleDocument:
    """A document with its bytes and what a reader sees on each page (`truth`).

    With `inbox` set it is not filed yet and `dossier_key` says where it belongs; its unit is that dossier's.
    """

    key: str
    dossier_key: str
    case_key: str | None
    inbox: bool
    title: str
    kind: str
    received_on: date | None
    sent_on: date | None
    written_on: date
    sender: str
    addressee: str | None
    filename: str
    media_type: str
    content: bytes = field(repr=False)
    pages: int
    scan: bool
    truth: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Town:
    """The sample municipality; `count` documents in `dossiers`."""

    seed: int
    count: int
    units: tuple[SampleUnit, ...]
    users: tuple[SampleUser, ...]
    dossiers: tuple[SampleDossier, ...]

    def documents(self, references: Mapping[str, str] | None = None) -> Iterator[SampleDocument]:
        """The documents, made while iterating, one in memory at a time.

        Args:
            references: Reference numbers by dossier key, to be printed on the letters; a dossier that is missing gets
                one in the usual pattern.
        """
        return (self.document(number, references) for number in range(self.count))

    def document(self, number: int, references: Mapping[str, str] | None = None) -> SampleDocument:
        """The document of that number (0 to count - 1); the numbers 2, 5, 8 … are scans."""
        return _make(self, number, references or {})


def town(seed: int, documents: int) -> Town:
    """The municipality with so many documents. The number of dossiers grows with them.

    Raises:
        ValueError: `documents` is negative.
    """
    if documents < 0:
        raise ValueError("The number of documents must not be negative.")
    # Not a multiple of 3, so that scans spread over all dossiers.
    number = 7 + 3 * (documents // 18)
    return Town(seed, documents, UNITS, USERS, tuple(_dossier(seed, index) for index in range(number)))


def plan_source() -> str:
    """The text of the filing plan, plan.yaml."""
    return importlib.resources.files(__package__).joinpath("plan.yaml").read_text(encoding="utf-8")


# ----------------------------------------------------------------------------------------------------------- dossiers


def _matter(index: int) -> Any:
    matters = load("matters.yaml")
    return matters[index % len(matters)]


def _dossier(seed: int, index: int) -> SampleDossier:
    matter, key = _matter(index), f"d{index + 1:05}"
    rng = seeded(seed, key, "life")
    created, closed = _life(matter, _STATES[(index + index // len(load("matters.yaml"))) % len(_STATES)], rng)
    due = closed is not None and rng.random() < 0.7  # noqa: PLR2004 - the others wait for their event
    named = matter.get("event")
    events = ((named, closed),) if named and closed and due else ()
    cases = tuple(SampleCase(f"{key}/{n}", title) for n, title in enumerate(matter["cases"], start=1))
    title = fill(matter["title"], _facts(seed, index, created.year), rng)
    return SampleDossier(
        key, title, matter["class"], matter["unit"], matter["confidentiality"], created, closed, events, cases
    )


@functools.lru_cache(maxsize=512)
def _facts(seed: int, index: int, year: int) -> Facts:
    return dossier_facts(seeded(seed, f"d{index + 1:05}", "facts"), _matter(index)["words"], year)


def _life(matter: Any, state: str, rng: random.Random) -> tuple[date, date | None]:
    """Days of opening and closing: still open, in its term, or past it."""
    if state == "open":
        return workday(REFERENCE_DAY - timedelta(days=rng.randint(50, 140 if matter.get("short") else 420))), None
    closed = REFERENCE_DAY - timedelta(days=rng.randint(40, 150))
    term = _terms()[matter["class"]]
    if state == "due" and term.endswith("M"):
        closed = REFERENCE_DAY - timedelta(days=31 * int(term[1:-1]) + rng.randint(30, 200))
    elif state == "due" and term.endswith("Y") and int(term[1:-1]) <= _LONGEST_DUE:
        closed = date(REFERENCE_DAY.year - int(term[1:-1]) - rng.randint(1, 2), rng.randint(2, 12), rng.randint(1, 28))
    closed = workday(closed)
    return workday(closed - timedelta(days=rng.randint(60, 100 if matter.get("short") else 400))), closed


@functools.cache
def _terms() -> dict[str, str]:
    """Retention terms by plan number, inherited ones included."""
    terms: dict[str, str] = {}

    def walk(entries: Any, inherited: str) -> None:
        for entry in entries:
            term = entry.get("retention", {}).get("term", inherited)
            terms[entry["number"]] = term
            walk(entry.get("children", ()), term)

    walk(load("plan.yaml")["classes"], "")
    return terms


# ---------------------------------------------------------------------------------------------------------- documents


def _make(sample: Town, number: int, references: Mapping[str, str]) -> SampleDocument:
    index, turn = number % len(sample.dossiers), number // len(sample.dossiers)
    dossier, matter = sample.dossiers[index], _matter(index)
    rng = seeded(sample.seed, "document", number)
    last = number + len(sample.dossiers) >= sample.count
    inbox = last and dossier.closed_on is None and index % 3 == 0
    form = _form(number, inbox=inbox)
    spec = _spec(matter, turn, form, rng, inbox=inbox)
    day = REFERENCE_DAY - timedelta(days=rng.randint(0, 4)) if inbox else _day(dossier, sample.count, index, turn, rng)
    facts = letter_facts(rng, _facts(sample.seed, index, dossier.created_on.year), day)
    facts |= {"title": dossier.title, "ref": references.get(dossier.key) or _reference(dossier)}
    letter = _letter(spec, matter, dossier, facts, day, rng, sample.users)
    content, media, truth, suffix = _produce(letter, form, facts, rng)
    kind = _kind(spec)
    received = day if kind == "incoming" else None
    written = letter.day
    case = None if inbox or "case" not in spec else dossier.cases[spec["case"]].key
    stem = f"Scan_{day:%Y%m%d}_{number + 1:05}" if form == "scan" else f"{number + 1:05}_{_slug(letter.title)}"
    return SampleDocument(
        key=f"s{number + 1:06}",
        dossier_key=dossier.key,
        case_key=case,
        inbox=inbox,
        title=letter.title,
        kind=kind,
        received_on=received,
        sent_on=day if kind == "outgoing" else None,
        written_on=written,
        sender=letter.sender.short,
        addressee=letter.addressee.short if letter.addressee else None,
        filename=f"{stem}.{suffix}",
        media_type=media,
        content=content,
        pages=len(truth),
        scan=form == "scan",
        truth=truth,
    )


def _form(number: int, *, inbox: bool) -> str:
    """What the document is made of: every third a scan, of the rest mostly PDF."""
    if number % 3 == 2:  # noqa: PLR2004 - a third
        return "scan"
    form = {6: "note", 9: "mail", 13: "photo"}.get(number % 15, "pdf")
    return "mail" if inbox and form == "note" else form


def _spec(matter: Any, turn: int, form: str, rng: random.Random, *, inbox: bool) -> Any:
    """The letter to write: the matter's letters in their order; notes, mails and photos as their form allows."""
    if form in {"note", "mail"}:
        own = rng.choice(load("words.yaml")["notes" if form == "note" else "mails"])
        return own | {"from": "town", "internal": True} if form == "note" else own | {"from": "party"}
    if form == "photo":
        return next(spec for spec in matter["letters"] if spec["from"] in {"party", "neighbour", "firm"})
    if inbox:
        return rng.choice([spec for spec in matter["letters"] if spec["from"] != "town"])
    return matter["letters"][turn % len(matter["letters"])]


def _kind(spec: Any) -> str:
    if spec["from"] != "town":
        return "incoming"
    return "internal" if spec.get("internal") else "outgoing"


def _day(dossier: SampleDossier, count: int, index: int, turn: int, rng: random.Random) -> date:
    """The letters of a dossier follow one another between its opening and its closing."""
    number = len(range(index, count, 7 + 3 * (count // 18)))
    end = dossier.closed_on or REFERENCE_DAY - timedelta(days=7)
    span = (end - dossier.created_on).days - 8
    return workday(dossier.created_on + timedelta(days=5 + int(span * (turn + rng.random()) / max(1, number))))


def _reference(dossier: SampleDossier) -> str:
    return f"{dossier.plan_class}-{int(dossier.key[1:]):05}/{dossier.created_on.year}"


def _slug(title: str) -> str:
    return re.sub(r"[^\wäöüÄÖÜß-]+", "_", title).strip("_")[:60].rstrip("_")


def _letter(
    spec: Any,
    matter: Any,
    dossier: SampleDossier,
    facts: Facts,
    day: date,
    rng: random.Random,
    users: tuple[SampleUser, ...],
) -> Letter:
    clerk = rng.choice([user for user in users if user.unit == dossier.unit and "clerk" in user.roles])
    facts["clerk"] = clerk.display_name
    unit = next(unit for unit in UNITS if unit.number == dossier.unit)
    office = Party("town", (TOWN, f"{unit.number} {unit.name}"), "Sehr geehrte Damen und Herren")
    kind = _kind(spec)
    sender = office if spec["from"] == "town" else _party(spec["from"], facts)
    # What a letter was written on lies before what was received: the post takes its days.
    written = day if kind != "incoming" else workday(day - timedelta(days=rng.randint(1, 3)))
    words = matter["words"]
    letter = Letter(
        title=fill(spec["title"], facts, rng),
        sender=sender,
        addressee={
            "incoming": Party("town", (TOWN, unit.name, "Marktplatz 1", POSTCODE), office.salutation),
            "outgoing": _party(spec.get("to", "party"), facts),
        }.get(kind),
        day=written,
        details=_details(kind, sender, clerk, facts, dossier, rng),
        greeting=_greeting(kind, facts, spec),
        blocks=compose(spec["body"], facts | {"today": german_day(written)}, rng, words),
        closing={"incoming": "Mit freundlichen Grüßen", "outgoing": "Mit freundlichem Gruß<br/>Im Auftrag"}.get(kind, "gez."),
        signer=sender.name if sender.kind == "person" else _signer(sender, clerk, rng),
        style=rng.randrange(10_000),
    )
    return _with_annex(letter, facts, rng, words) if "case" in spec and rng.random() < 0.2 else letter  # noqa: PLR2004


def _party(role: str, facts: Facts) -> Party:
    if role == "office":
        return Party("office", (facts["office"], "Kreishausstraße 4", POSTCODE), "Sehr geehrte Damen und Herren")
    if role == "firm":
        return Party("firm", (facts["firm"], facts["firm_site"], POSTCODE), "Sehr geehrte Damen und Herren")
    return Party("person", (facts[role], facts[f"{role}_site"], POSTCODE), facts[f"{role}_salutation"])


def _greeting(kind: str, facts: Facts, spec: Any) -> str:
    if kind == "internal":
        return ""
    if kind == "outgoing":
        return _party(spec.get("to", "party"), facts).salutation
    return "Sehr geehrte Damen und Herren"


def _signer(sender: Party, clerk: SampleUser, rng: random.Random) -> str:
    if sender.kind == "town":
        return clerk.display_name
    stock = load("words.yaml")
    return f"{rng.choice(stock['women'] + stock['men'])} {rng.choice(stock['surnames'])}"


def _details(
    kind: str, sender: Party, clerk: SampleUser, facts: Facts, dossier: SampleDossier, rng: random.Random
) -> tuple[tuple[str, str], ...]:
    """The block beside the address (DIN 5008): who answers, by which reference."""
    if kind == "internal":
        return (("Akte", f"{facts['ref']} · {dossier.title}"), ("Verfasst von", clerk.display_name))
    if sender.kind == "town":
        extension = 100 + sum(map(ord, clerk.login)) % 400
        return (
            ("Auskunft erteilt", clerk.display_name),
            ("Durchwahl", f"05037 900-{extension}"),
            ("E-Mail", f"{clerk.login}@rodenbeck.example"),
            ("Aktenzeichen", facts["ref"]),
        )
    if sender.kind == "person":
        return ()
    ours = (("Unser Zeichen", facts["their_ref"]),)
    return (*ours, ("Ihr Zeichen", facts["ref"])) if rng.random() < 0.7 else ours  # noqa: PLR2004 - not all firms quote


def _with_annex(letter: Letter, facts: Facts, rng: random.Random, words: Any) -> Letter:
    annex = rng.choice(load("words.yaml")["annexes"])
    body = compose(annex["body"], facts, rng, words)
    return dataclasses.replace(letter, annexes=(*letter.annexes, (annex["title"], body)))


def _produce(letter: Letter, form: str, facts: Facts, rng: random.Random) -> tuple[bytes, str, tuple[str, ...], str]:
    """Bytes, media type, what stands on each page, and the end of the file name."""
    if form == "note":
        text = letters.to_text(letter)
        return text.encode(), "text/plain", (text,), "txt"
    if form == "mail":
        markup = letters.to_html(letter)
        return markup.encode(), "text/html", (letters.to_text(letter),), "html"
    pdf = letters.to_pdf(letter)
    if form == "photo":
        kind = rng.choice(("JPEG", "PNG"))
        suffix = {"JPEG": "jpg", "PNG": "png"}[kind]
        return scans.photo(pdf, rng, kind), f"image/{kind.lower()}", letters.page_texts(pdf)[:1], suffix
    truth = letters.page_texts(pdf)
    if form == "scan":
        if len(truth) == 1:
            letter = _with_annex(letter, facts, rng, {})
            pdf = letters.to_pdf(letter)
            truth = letters.page_texts(pdf)
        return scans.scan(pdf, rng, _stamp(letter, rng)), "application/pdf", truth, "pdf"
    return pdf, "application/pdf", truth, "pdf"


def _stamp(letter: Letter, rng: random.Random) -> tuple[str, ...]:
    """What the mail room stamps: arrived, sent, or nothing on a note of the house."""
    if letter.addressee is None:
        return ()
    arrived = letter.sender.kind != "town"
    day = workday(letter.day + timedelta(days=rng.randint(1, 3))) if arrived else letter.day
    return ("Eingegangen" if arrived else "Abgesandt", f"{day.day}. {_MONTHS[day.month - 1]} {day.year}", TOWN)
