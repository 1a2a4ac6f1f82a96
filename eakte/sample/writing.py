"""The documents of the sample: which letter it is, who writes it when, and on what."""

from __future__ import annotations

import dataclasses
import functools
import random
import re
from dataclasses import dataclass
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
from eakte.sample.people import UNITS, USERS
from eakte.sample.values import REFERENCE_DAY, SampleDocument, SampleDossier, SampleUser

_MONTHS = ("Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.")
_ALL = "Sehr geehrte Damen und Herren"
_CLOSINGS = {
    "incoming": "Mit freundlichen Grüßen",
    "outgoing": "Mit freundlichem Gruß<br/>Im Auftrag",
    "internal": "gez.",
}
_SCANNED = 2
"""Of three documents the one with this remainder is a scan."""
_WITH_ANNEX = 0.25
_QUOTING = 0.7
"""Not every firm quotes the reference number."""


def matter_of(index: int) -> Any:
    """The kind of matter, from matters.yaml, that the dossier of that number is about: they take turns."""
    matters = load("matters.yaml")
    return matters[index % len(matters)]


@functools.lru_cache(maxsize=512)
def facts_of(seed: int, index: int, year: int) -> Facts:
    """People, place and numbers of the dossier. Not to be changed by the caller."""
    return dossier_facts(seeded(seed, f"d{index + 1:05}", "facts"), matter_of(index)["words"], year)


@dataclass(frozen=True, slots=True)
class Commission:
    """One document to be written.

    Attributes:
        number: Its place among all documents; the numbers 2, 5, 8 … are scans.
        turn: Its place within its dossier, of `turns`.
        reference: The dossier's reference number as letters print it.
        inbox: It has just arrived and is not filed.
    """

    seed: int
    number: int
    index: int
    dossier: SampleDossier
    turn: int
    turns: int
    reference: str
    inbox: bool

    def write(self) -> SampleDocument:
        """The document."""
        rng = seeded(self.seed, "document", self.number)
        form = _form(self.number, inbox=self.inbox)
        spec = _spec(self, form, rng)
        day = _day(self, rng)
        facts = letter_facts(rng, facts_of(self.seed, self.index, self.dossier.created_on.year), day)
        facts |= {"title": self.dossier.title, "class": self.dossier.plan_class, "ref": self.reference}
        letter = _letter(self, spec, facts, day, rng)
        content, media, truth, suffix = _produce(letter, form, facts, rng)
        kind = _kind(spec)
        name = f"{self.number + 1:05}"
        stem = f"Scan_{day:%Y%m%d}_{name}" if form == "scan" else f"{name}_{_slug(letter.title)}"
        return SampleDocument(
            key=f"s{self.number + 1:06}",
            dossier_key=self.dossier.key,
            case_key=None if self.inbox or "case" not in spec else self.dossier.cases[spec["case"]].key,
            inbox=self.inbox,
            title=letter.title,
            kind=kind,
            received_on=day if kind == "incoming" else None,
            sent_on=day if kind == "outgoing" else None,
            written_on=letter.day,
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
    if number % 3 == _SCANNED:
        return "scan"
    form = {6: "note", 9: "mail", 13: "photo"}.get(number % 15, "pdf")
    return "mail" if inbox and form == "note" else form


def _spec(commission: Commission, form: str, rng: random.Random) -> Any:
    """The letter to write: the matter's letters in their order; notes, mails and photos as their form allows."""
    spoken = matter_of(commission.index)["letters"]
    if form == "note":
        return rng.choice(load("words.yaml")["notes"]) | {"from": "town", "internal": True}
    if form == "mail":
        return rng.choice(load("words.yaml")["mails"]) | {"from": "party"}
    if form == "photo":
        return rng.choice([spec for spec in spoken if spec["from"] in {"party", "neighbour", "firm"}])
    if commission.inbox:
        return rng.choice([spec for spec in spoken if spec["from"] != "town"])
    return spoken[commission.turn % len(spoken)]


def _kind(spec: Any) -> str:
    if spec["from"] != "town":
        return "incoming"
    return "internal" if spec.get("internal") else "outgoing"


def _day(commission: Commission, rng: random.Random) -> date:
    """The letters of a dossier follow one another between its opening and its closing; the inbox has this week's."""
    if commission.inbox:
        return REFERENCE_DAY - timedelta(days=rng.randint(0, 4))
    opened = commission.dossier.created_on
    end = commission.dossier.closed_on or REFERENCE_DAY - timedelta(days=7)
    span = (end - opened).days - 8
    return workday(opened + timedelta(days=5 + int(span * (commission.turn + rng.random()) / commission.turns)))


def _slug(title: str) -> str:
    return re.sub(r"[^\w-]+", "_", title).strip("_")[:60].rstrip("_")


def _letter(commission: Commission, spec: Any, facts: Facts, day: date, rng: random.Random) -> Letter:
    dossier, words, kind = commission.dossier, matter_of(commission.index)["words"], _kind(spec)
    clerk = rng.choice([user for user in USERS if user.unit == dossier.unit and "clerk" in user.roles])
    facts["clerk"] = clerk.display_name
    unit = next(unit for unit in UNITS if unit.number == dossier.unit)
    sender = _party(spec["from"], facts)
    if sender.kind == "town":
        sender = Party("town", (TOWN, f"{unit.number} {unit.name}"), sender.salutation)
    to = _party(spec.get("to", "party"), facts)
    ourselves = Party("town", (TOWN, unit.name, "Marktplatz 1", POSTCODE), _ALL)
    # The post takes its days: what arrives was written before.
    written = workday(day - timedelta(days=rng.randint(1, 3))) if kind == "incoming" else day
    letter = Letter(
        title=fill(spec["title"], facts, rng),
        sender=sender,
        addressee={"incoming": ourselves, "outgoing": to}.get(kind),
        day=written,
        details=_details(kind, sender, clerk, facts, rng),
        greeting={"incoming": _ALL, "outgoing": to.salutation}.get(kind, ""),
        blocks=compose(spec["body"], facts | {"today": german_day(written)}, rng, words),
        closing=_CLOSINGS[kind],
        signer=_signer(sender, clerk, rng),
        style=rng.randrange(10_000),
    )
    return _with_annex(letter, facts, rng) if "case" in spec and rng.random() < _WITH_ANNEX else letter


def _party(role: str, facts: Facts) -> Party:
    if role in {"party", "neighbour"}:
        return Party("person", (facts[role], facts[f"{role}_site"], POSTCODE), facts[f"{role}_salutation"])
    if role == "firm":
        return Party("firm", (facts["firm"], facts["firm_site"], POSTCODE), _ALL)
    if role == "office":
        return Party("office", (facts["office"], "Kreishausstraße 4", POSTCODE), _ALL)
    return Party("town", (TOWN,), _ALL)


def _signer(sender: Party, clerk: SampleUser, rng: random.Random) -> str:
    if sender.kind == "person":
        return sender.name
    if sender.kind == "town":
        return clerk.display_name
    stock = load("words.yaml")
    return f"{rng.choice(stock['women'] + stock['men'])} {rng.choice(stock['surnames'])}"


def _details(
    kind: str, sender: Party, clerk: SampleUser, facts: Facts, rng: random.Random
) -> tuple[tuple[str, str], ...]:
    """The block beside the address (DIN 5008): who answers, by which reference."""
    if kind == "internal":
        return (("Akte", f"{facts['ref']} · {facts['title']}"), ("Verfasst von", clerk.display_name))
    if sender.kind == "town":
        return (
            ("Auskunft erteilt", clerk.display_name),
            ("Durchwahl", f"05037 900-{100 + sum(map(ord, clerk.login)) % 400}"),
            ("E-Mail", f"{clerk.login}@rodenbeck.example"),
            ("Aktenzeichen", facts["ref"]),
        )
    if sender.kind == "person":
        return ()
    ours = (("Unser Zeichen", facts["their_ref"]),)
    return (*ours, ("Ihr Zeichen", facts["ref"])) if rng.random() < _QUOTING else ours


def _with_annex(letter: Letter, facts: Facts, rng: random.Random) -> Letter:
    writer = letter.sender.kind if letter.addressee else "memo"
    fitting = [
        annex
        for annex in load("words.yaml")["annexes"]
        if writer in annex["from"] and facts["class"][0] in annex.get("areas", facts["class"])
    ]
    annex = rng.choice(fitting)
    added = (fill(annex["title"], facts, rng), compose(annex["body"], facts, rng, {}))
    return dataclasses.replace(letter, annexes=(*letter.annexes, added))


def _produce(letter: Letter, form: str, facts: Facts, rng: random.Random) -> tuple[bytes, str, tuple[str, ...], str]:
    """Bytes, media type, what stands on each page, and the end of the file name."""
    if form == "note":
        text = letters.to_text(letter)
        return text.encode(), "text/plain", (text,), "txt"
    if form == "mail":
        seen = [f"{label}: {value}" for label, value in letters.mail_head(letter)] + letters.mail_lines(letter)
        return letters.to_html(letter).encode(), "text/html", ("\n".join(seen),), "html"
    pdf = letters.to_pdf(letter)
    truth = letters.page_texts(pdf)
    if form == "photo":
        suffix, media = rng.choice((("jpg", "image/jpeg"), ("png", "image/png")))
        return scans.photo(pdf, rng, media), media, truth[:1], suffix
    if form == "scan":
        if len(truth) == 1:
            pdf = letters.to_pdf(_with_annex(letter, facts, rng))
            truth = letters.page_texts(pdf)
        pdf = scans.scan(pdf, rng, _stamp(letter, rng))
    return pdf, "application/pdf", truth, "pdf"


def _stamp(letter: Letter, rng: random.Random) -> tuple[str, ...]:
    """What the mail room stamps: arrived, sent, or nothing on a note of the house."""
    if letter.addressee is None:
        return ()
    arrived = letter.sender.kind != "town"
    day = workday(letter.day + timedelta(days=rng.randint(1, 3))) if arrived else letter.day
    return ("Eingegangen" if arrived else "Abgesandt", f"{day.day}. {_MONTHS[day.month - 1]} {day.year}", TOWN)
