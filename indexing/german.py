"""The one analyser: German text to index terms.

Both search drivers store these terms with an analyser that only splits at blanks, so that both find and rank alike. A
term is therefore never empty and never holds white space.

What a word goes through: Unicode is composed (NFKC), soft hyphens and other invisible marks vanish, a word divided at a
line end is joined, case is folded, ä/ae, ö/oe, ü/ue and ß/ss become one spelling, stop words go, and a light stemmer
takes the inflection off. The stemmer follows J. Savoy's "light" German stemmer as published in "Light Stemming
Approaches for the French, Portuguese, German and Hungarian Languages" (SAC 2006): it touches endings only, so that a
stem stays inside the compounds that hold the word.

Numbers are kept as clerks write them: `632.2-00017/2026` is one term beside its parts, `§ 35` is `§35` beside `35`, a
date is its ISO form, an account number (ISO 13616) is one term however it is spaced.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from indexing.stopwords import STOP_WORDS

PIECE = 4
"""Letters of one piece of a word."""

MAX_TERM = 64
"""Letters of a word that count; a longer run is scanner noise or encoded data, and only its beginning is kept."""

MAX_QUERY_WORDS = 48
"""Words of a question that count."""

MAX_QUERY_LENGTH = 4_000
"""Characters of a question that are read."""

Splitter = Callable[[str], Sequence[str]]
"""Takes a folded word and gives the folded parts of a compound, or nothing where it is none."""

# Marks that belong to the letter before them: combining accents (decomposed text), soft hyphen, zero-width characters.
_MARKS = "\u00ad\u200b-\u200d\u2060\ufeff\u0300-\u036f"
_LETTER = rf"[^\W_][{_MARKS}]*"
_LINE_END = r"[ \t]*(?:\r\n|[\n\r\f\v\x85\u2028\u2029])[ \t]*"
_SMALL = "a-zß-öø-ÿ"
# "Gebüh-\nren" is one word; "Baden-\nWürttemberg" and "Haupt-\nund Nebenstraße" are not.
_DIVIDED = rf"(?:[-\u2010\u00ac]|(?<=\u00ad)){_LINE_END}(?!(?:und|oder|bzw|sowie|bis)\b)(?=[{_SMALL}])"
_RUN = rf"{_LETTER}(?:{_LETTER}|(?<![\d\s]){_DIVIDED})*"
_MONTHS = (
    *("januar", "februar", "marz", "april", "mai", "juni"),
    *("juli", "august", "september", "oktober", "november", "dezember"),
)
_MONTH = r"(?:Januar|Februar|M(?:ä|a\u0308|ae)rz|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)"

_TOKEN = re.compile(
    rf"""
      (?P<iban>\b[A-Z]{{2}}[0-9]{{2}}(?:\s?[A-Z0-9]{{4}}){{2,7}}(?:\s?[A-Z0-9]{{1,3}})?\b)
    | (?P<day>(?<![\w./-])[0-9]{{1,2}}\.[ ]?[0-9]{{1,2}}\.[ ]?[0-9]{{4}}(?![\w/-]|\.[0-9]))
    | (?P<iso>(?<![\w./-])[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?![\w/-]|\.[0-9]))
    | (?P<long>(?<![\w./-])[0-9]{{1,2}}\.\s?{_MONTH}\s[0-9]{{4}}\b)
    | (?P<section>§{{1,2}}\s?[0-9]{{1,5}}[a-z]?\b(?:\s?(?:,|und|bis|[-\u2013])\s?§?\s?[0-9]{{1,5}}[a-z]?\b)*)
    | (?P<chain>{_RUN}(?:[./_:+-]{_RUN})*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PART = re.compile(_RUN)
_SECTION_NUMBER = re.compile(r"[0-9]{1,5}[a-z]?\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+\Z")
_OF_ITS_OWN = 3
"""Letters from which a part of a hyphenated word is a word: "Mail" in "E-Mail"."""
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UMLAUT_PAIR = re.compile("(?<![aeq])ue|ae|oe")
_QUOTED = re.compile('["„“”»«]([^"„“”»«]+)["„“”»«]')


@dataclass(frozen=True, slots=True)
class Token:
    """One word or number of a text: `start` and `end` count code points of the text as it was given.

    `terms` is empty for a stop word. `pieces` is empty for stop words and numbers.
    """

    start: int
    end: int
    terms: tuple[str, ...]
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryWord:
    """One word or number of a question.

    Attributes:
        term: a document that has it has the word.
        pieces: one after the other they mean that a longer word holds this one; empty for numbers.
        parts: of a reference number; side by side they mean that a longer number holds this one.
    """

    term: str
    pieces: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """A question, analysed.

    Attributes:
        words: its distinct words in the order of the question.
        pairs: neighbouring words, as two stems each.
        phrases: what stood between quotation marks, as stems in order; a hit must contain each.
        exact: the whole question in the form that titles and reference numbers are compared in.
    """

    words: tuple[QueryWord, ...]
    pairs: tuple[tuple[str, str], ...]
    phrases: tuple[tuple[str, ...], ...]
    exact: str

    @property
    def empty(self) -> bool:
        """Whether nothing was asked at all (stop words alone still ask for a title)."""
        return not self.exact


def fold(word: str) -> str:
    """The one spelling of a word: small letters and digits only, umlauts and ß written out of the way."""
    plain = unicodedata.normalize("NFKC", word).casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isalnum())
    elif not plain.isalnum():
        plain = "".join(c for c in plain if c.isalnum())
    return _UMLAUT_PAIR.sub(lambda pair: pair.group()[0], plain)


_BEFORE_S = "bdfghklmnt"
_ENDINGS: tuple[tuple[tuple[tuple[str, ...], int], ...], ...] = (
    # Endings, and the letters that a word must have at least to lose one; the first that fits is taken off.
    ((("ern",), 6), (("em", "en", "er", "es"), 5), (("e",), 4), (tuple(f"{c}s" for c in _BEFORE_S), 4)),
    ((("est",), 6), (("er", "en"), 5), (tuple(f"{c}st" for c in _BEFORE_S), 5)),
)


def stem(word: str) -> str:
    """The stem of a folded word. The endings and the lengths that protect short words are Savoy's."""
    for step in _ENDINGS:
        for endings, length in step:
            if len(word) >= length and word.endswith(endings):
                # Of "bs" and "bst" the consonant belongs to the stem.
                kept = 1 if endings[0][0] == "b" else 0
                word = word[: len(word) - len(endings[0]) + kept]
                break
    return word


def pieces_of(word: str) -> tuple[str, ...]:
    """Every run of four letters within a folded word; a shorter word is its own piece."""
    if len(word) <= PIECE:
        return (word,)
    return tuple(word[i : i + PIECE] for i in range(len(word) - PIECE + 1))


@lru_cache(maxsize=100_000)
def _word(raw: str) -> tuple[str, tuple[str, ...]]:
    """Term and pieces of one word as it stands in the text; both empty for a stop word."""
    folded = fold(raw)[:MAX_TERM]
    if not folded or folded in STOP_WORDS:
        return "", ()
    if any(c.isdigit() for c in folded):
        return folded, ()
    return stem(folded), pieces_of(folded)


def tokens(text: str) -> Iterator[Token]:
    """The words and numbers of a text in order, stop words too; never raises, offsets never go backwards."""
    for match in _TOKEN.finditer(text):
        kind, raw = match.lastgroup, match.group()
        if kind == "chain":
            yield from _chain(raw, match.start())
        elif kind == "section":
            yield from _section(raw, match.start())
        elif kind == "iban" and not _valid_iban(raw):
            yield from _plain(raw, match.start())
        elif kind == "iban":
            yield Token(match.start(), match.end(), ("".join(raw.split()).casefold(),), ())
        else:
            yield from _date(kind or "", raw, match.start())


def _chain(raw: str, start: int) -> Iterator[Token]:
    """Words joined by signs: one term and its parts where a digit is among them, else words of their own."""
    if raw.isalpha() or _PART.fullmatch(raw):
        term, pieces = _word(raw)
        yield Token(start, start + len(raw), (term,) if term else (), pieces)
        return
    parts = [_word(part) for part in _PART.findall(raw)]
    if not any(c.isdigit() for c in raw):
        short = any(len(part) < _OF_ITS_OWN for part, _ in parts)
        whole = _word("".join(_PART.findall(raw))) if short and "-" in raw else None
        if whole and whole[0]:  # "E-Mail" is "Email" too
            yield Token(start, start + len(raw), (whole[0], *(t for t, _ in parts if len(t) >= _OF_ITS_OWN)), whole[1])
        else:
            yield from _plain(raw, start)
        return
    if _THOUSANDS.match(raw):
        yield Token(start, start + len(raw), (raw.replace(".", ""),), ())
        return
    full = unicodedata.normalize("NFKC", raw).casefold()
    full = "".join(c for c in full if not c.isspace() and c.isprintable() and not unicodedata.combining(c))[:MAX_TERM]
    terms = (full, *(term for term, _ in parts if len(term) > 1))
    yield Token(start, start + len(raw), terms, tuple(p for _, pieces in parts for p in pieces))


def _plain(raw: str, start: int) -> Iterator[Token]:
    for part in _PART.finditer(raw):
        term, pieces = _word(part.group())
        yield Token(start + part.start(), start + part.end(), (term,) if term else (), pieces)


def _section(raw: str, start: int) -> Iterator[Token]:
    """`§§ 35, 36` names two sections; each is one token, the sign belongs to the first."""
    begin = 0
    for number in _SECTION_NUMBER.finditer(raw):
        digits = number.group().casefold()
        yield Token(start + begin, start + number.end(), (f"§{digits}", digits), ())
        begin = number.end()
        begin += next((i for i, c in enumerate(raw[begin:]) if c == "§" or c.isdigit()), 0)


def _date(kind: str, raw: str, start: int) -> Iterator[Token]:
    numbers = re.findall(r"[0-9]+", raw)
    if kind == "iso":
        year, month, day = numbers
    elif kind == "day":
        day, month, year = numbers
    else:
        day, year = numbers
        name = fold("".join(c for c in raw if c.isalpha() or c == "\u0308"))
        month = str(_MONTHS.index(name) + 1) if name in _MONTHS else "0"
    named = (stem(_MONTHS[int(month) - 1]),) if kind == "long" else ()
    yield Token(start, start + len(raw), (f"{year}-{int(month):02}-{int(day):02}", *named, year), ())


def _valid_iban(raw: str) -> bool:
    """ISO 13616: the country and check digits put last, letters as numbers, leave 1 modulo 97."""
    compact = "".join(raw.split()).upper()
    if not compact.isascii():
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def is_day(term: str) -> bool:
    """Whether a term is a day, which a text may have written in other ways."""
    return _ISO_DAY.fullmatch(term) is not None


def analyse(text: str, split: Splitter | None = None) -> tuple[list[str], list[str]]:
    """Stems and pieces of a text, in its order, from one pass.

    Args:
        text: any text; Unicode of any kind.
        split: optional compound splitter; its parts follow the word's own stem.
    """
    stems_: list[str] = []
    pieces_: list[str] = []
    for token in tokens(text):
        stems_.extend(token.terms)
        pieces_.extend(token.pieces)
        if split is not None and len(token.terms) == 1 and token.pieces:
            stems_.extend(stem(part) for part in split(fold(text[token.start : token.end])))
    return stems_, pieces_


def stems(text: str, split: Splitter | None = None) -> list[str]:
    """The terms of the field of stems."""
    return analyse(text, split)[0]


def pieces(text: str) -> list[str]:
    """The terms of the field of pieces."""
    return analyse(text)[1]


def tokens_with_offsets(text: str) -> list[tuple[tuple[str, ...], int, int]]:
    """Terms with the code points `[start, end)` of the text that they came from; stop words are left out."""
    return [(token.terms, token.start, token.end) for token in tokens(text) if token.terms]


def exact_form(text: str) -> str:
    """The form in which a whole title or reference number is compared: folded words, nothing between them counts."""
    folded = (fold(part) for part in _PART.findall(text))
    return " ".join(word for word in folded if word)


def analyse_query(text: str) -> QueryTerms:
    """What a person typed. Text between quotation marks is a phrase; everything else is words."""
    text = text[:MAX_QUERY_LENGTH]
    words: dict[str, QueryWord] = {}
    row: list[str] = []
    for token in tokens(text):
        if token.terms and len(row) < MAX_QUERY_WORDS:
            term = token.terms[0]
            row.append(term)
            inside = pieces_of(term) if len(token.terms) == 1 and token.pieces else ()
            parts = token.terms[1:] if len(token.terms[1:]) > 1 and not is_day(term) else ()
            words.setdefault(term, QueryWord(term, inside, parts))
    pairs = dict.fromkeys((a, b) for a, b in pairwise(row) if a != b)
    phrases = dict.fromkeys(tuple(stems(quoted)[:MAX_QUERY_WORDS]) for quoted in _QUOTED.findall(text))
    return QueryTerms(tuple(words.values()), tuple(pairs), tuple(p for p in phrases if p), exact_form(text))
