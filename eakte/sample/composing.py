"""From the words of the YAML files to letters: which sentences, whose names, which sums.

All chance comes from the `random.Random` that the caller seeded, so a letter is a function of its seed.
"""

from __future__ import annotations

import functools
import importlib.resources
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import yaml

TOWN = "Stadt Rodenbeck"
POSTCODE = "31547 Rodenbeck"

Facts = dict[str, str]

_ALTERNATIVES = re.compile(r"\[\[(.*?)\]\]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading between paragraphs."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A numbered list."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first of them the head."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """Labels and what somebody entered beside them."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawn plot of land; `seed` decides its shape."""

    seed: int
    plot: str


Block = Heading | Text | Points | Table | Form | Sketch


@dataclass(frozen=True, slots=True)
class Party:
    """A sender or addressee: the lines of the address, the name first."""

    kind: str
    lines: tuple[str, ...]
    salutation: str

    @property
    def name(self) -> str:
        """The name alone."""
        return self.lines[0]

    @property
    def short(self) -> str:
        """Name and street, as a mail room notes them."""
        return ", ".join(self.lines[:2])


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter before it has a shape on paper."""

    title: str
    sender: Party
    addressee: Party | None
    day: date
    details: tuple[tuple[str, str], ...]
    greeting: str
    blocks: tuple[Block, ...]
    closing: str
    signer: str
    style: int
    annexes: tuple[tuple[str, tuple[Block, ...]], ...] = ()


@functools.cache
def load(name: str) -> Any:
    """A YAML file of this package."""
    return yaml.safe_load(importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def seeded(*parts: object) -> random.Random:
    """A source of chance that depends on nothing but `parts` (a string seed is hashed by SHA-512, not by `hash`)."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - repeatable texts are wanted, not secrets


def german_day(day: date) -> str:
    """17.11.2026."""
    return f"{day.day:02}.{day.month:02}.{day.year}"


def euro(cents: int) -> str:
    """1.248,50 €."""
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02} €"


def fill(text: str, facts: Mapping[str, str], rng: random.Random) -> str:
    """The text with one of each alternative `[[a|b]]` chosen and every `{fact}` put in.

    Raises:
        KeyError: The text asks for a fact that nobody set.
    """
    return _ALTERNATIVES.sub(lambda found: rng.choice(found[1].split("|")), text).format_map(facts)


def dossier_facts(rng: random.Random, words: Mapping[str, Sequence[str]], year: int) -> Facts:
    """What stays the same in all papers of one dossier: people, place, numbers, the matter's own words."""
    stock = load("words.yaml")
    facts: Facts = {name: rng.choice(list(values)) for name, values in words.items()}
    for role in ("party", "neighbour"):
        woman = rng.random() < 0.5  # noqa: PLR2004 - heads or tails
        given, surname = rng.choice(stock["women" if woman else "men"]), rng.choice(stock["surnames"])
        facts[role] = f"{given} {surname}"
        facts[f"{role}_name"] = surname
        facts[f"{role}_list"] = f"{surname}, {given}"
        facts[f"{role}_salutation"] = f"Sehr geehrte Frau {surname}" if woman else f"Sehr geehrter Herr {surname}"
        facts[f"{role}_site"] = f"{rng.choice(stock['streets'])} {rng.randint(1, 98)}"
    facts |= {
        "surname": facts["party_name"],
        "site": facts["party_site"],
        "street": rng.choice(stock["streets"]),
        "house": str(rng.randint(1, 98)),
        "firm": facts.get("firm") or rng.choice(stock["firms"]),
        "firm_site": f"{rng.choice(stock['streets'])} {rng.randint(1, 98)}",
        "office": facts.get("office") or rng.choice(stock["offices"]),
        "plot": f"{rng.randint(11, 340)}/{rng.randint(1, 29)}",
        "flur": str(rng.randint(2, 14)),
        "birth": german_day(date(rng.randint(1941, 2002), rng.randint(1, 12), rng.randint(1, 28))),
        # 9999 9999 is nobody's bank code
        "iban": f"DE{rng.randint(10, 97)} 9999 9999 00{rng.randint(10, 99)} {rng.randint(1000, 9999)} 00",
        "kassenzeichen": f"{rng.randint(100, 999)}.{rng.randint(10, 99)}-{rng.randint(1000, 99999):06}",
        "chip": f"276 09{rng.randint(0, 9)} {rng.randint(100, 999)} {rng.randint(100, 999)} {rng.randint(100, 999)}",
        "year": str(year),
        **_numbers(rng),
    }
    return facts


def letter_facts(rng: random.Random, base: Facts, day: date) -> Facts:
    """The dossier's facts with what changes from letter to letter: dates around its day, sums, small numbers."""
    return base | {
        **_numbers(rng),
        "today": german_day(day),
        "year": str(day.year),
        "earlier": german_day(workday(day - timedelta(days=rng.randint(9, 45)))),
        "deadline": german_day(workday(day + timedelta(days=rng.randint(14, 30)))),
        "appointment": german_day(workday(day + timedelta(days=rng.randint(31, 70)))),
        "clock": f"{rng.randint(7, 16)}:{rng.choice((0, 15, 30, 45)):02}",
        "clock2": f"{rng.randint(18, 22)}:{rng.choice((0, 15, 30, 45)):02}",
        "their_ref": f"{rng.choice('ABDHKLRT')}{day.year % 100}-{rng.randint(100, 4999)}",
    }


def workday(day: date) -> date:
    """The day itself, or the Friday before when it lies on a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def compose(entries: Sequence[Any], facts: Mapping[str, str], rng: random.Random, words: Any) -> tuple[Block, ...]:
    """The blocks of a body written in YAML.

    A string is a paragraph; `h` a heading, `l` a list of which `n` are taken, `t` a table, `f` a form, `cost` and
    `items` tables of sums (`items` from the matter's own words), `use` a body shared by many letters, `chapters` so
    many of the chapters that any report may have, `sketch` a drawn plot.
    """
    return tuple(block for entry in entries for block in _entry(entry, facts, rng, words))


def _entry(entry: Any, facts: Mapping[str, str], rng: random.Random, words: Any) -> tuple[Block, ...]:
    match entry:
        case str():
            return (Text(fill(entry, facts, rng)),)
        case {"h": text}:
            return (Heading(fill(text, facts, rng)),)
        case {"use": name}:
            return compose(load("words.yaml")["blocks"][name], facts, rng, words)
        case {"chapters": number}:
            chapters = rng.sample(load("words.yaml")["chapters"], number)
            return tuple(block for chapter in chapters for block in compose(chapter, facts, rng, words))
        case _:
            return (_block(entry, facts, rng, words),)


def _block(entry: Any, facts: Mapping[str, str], rng: random.Random, words: Any) -> Block:
    match entry:
        case {"l": texts, "n": number}:
            taken = sorted(rng.sample(range(len(texts)), number))
            return Points(tuple(fill(texts[index], facts, rng) for index in taken))
        case {"t": rows}:
            return Table(tuple(tuple(fill(cell, facts, rng) for cell in row) for row in rows))
        case {"f": pairs}:
            return Form(tuple((label, fill(value, facts, rng)) for label, value in pairs.items()))
        case {"cost": number}:
            return _sums(rng, rng.sample(_COSTS, number), highest=190_000)
        case {"items": name, "n": number}:
            return _sums(rng, rng.sample(words[name], number), highest=1_900_000)
        case {"sketch": _}:
            return Sketch(rng.randrange(1 << 16), facts["plot"])
        case _:
            raise ValueError(f"Nobody knows how to write {entry!r}")


_COSTS = [
    "Grundgebühr nach Tarifstelle 1.1",
    "Prüfung der Unterlagen",
    "Ortsbesichtigung mit Anfahrt",
    "Lohnstunden Bauhof",
    "Material und Kleinteile",
    "Entsorgung nach Nachweis",
    "Beteiligung Dritter",
    "Auslagen für Zustellungen",
    "Planung und Bauleitung",
    "Unvorhergesehenes",
    "Miete Absperrmaterial",
]


def _sums(rng: random.Random, names: Sequence[str], highest: int) -> Table:
    """A bill: quantities, prices, value added tax, and a total that adds up."""
    rows = [("Pos.", "Leistung", "Menge", "Einzelpreis", "Gesamt")]
    net = 0
    for position, name in enumerate(names, start=1):
        quantity, price = rng.randint(1, 24), rng.randint(450, highest // 20)
        net += quantity * price
        rows.append((str(position), name, str(quantity), euro(price), euro(quantity * price)))
    tax = (net * 19 + 50) // 100
    rows += [
        ("", "Zwischensumme netto", "", "", euro(net)),
        ("", "Umsatzsteuer 19 %", "", "", euro(tax)),
        ("", "Gesamtbetrag", "", "", euro(net + tax)),
    ]
    return Table(tuple(rows))


def _numbers(rng: random.Random) -> Facts:
    bid = rng.randint(2_400_000, 39_000_000)
    assessment = rng.randint(2_100, 18_900)
    return {
        "small": str(rng.randint(2, 9)),
        "small2": str(rng.randint(1, 8)),
        "area": str(rng.randint(41, 198)),
        "percent": str(rng.randint(2, 9) * 5),
        "amount": euro(rng.randint(21_000, 489_000)),
        "rent": euro(rng.randint(6_500, 61_000)),
        "assessment": euro(assessment),
        "property_tax": euro(assessment * 9 // 2),
        "amount2": euro(bid),
        "amount3": euro(bid + rng.randint(90_000, 900_000)),
        "amount3b": euro(bid + rng.randint(900_001, 2_400_000)),
    }
