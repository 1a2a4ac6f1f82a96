"""From page texts to index entries, and from a hit back to the passage that a person reads.

Life of a text: `windows` cuts the pages of a document into entries, `terms_to_bytes` keeps them as a blob beside the
document, so that a new title, unit or right rewrites the index without reading the text again. After a search,
`passages` shows where the answer stands, `pages_with` names the pages of a document that have words of the question,
and `matching_words` says which words of a page image to frame.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexing import german
from indexing.german import QueryTerms, Token
from indexing.search import Description, Entry

LONG_PAGE = 150
"""Words up to which a page is one window."""

WINDOW = 100
"""Words of a window of a longer page, about."""

PASSAGE = 40
"""Words of a passage, at most."""

_HANGING = re.compile(r"(\w)[-\u2010\u00ac\u00ad]\s*\Z")
_CONTINUED = re.compile(r"\s*(?!(?:und|oder|bzw|sowie|bis)\b)([a-zß-öø-ÿ][\w\u0300-\u036f\u00ad]*)")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page's text; `marks` are the code points `[start, end)` of `text` that fit the question."""

    page: int
    text: str
    marks: tuple[tuple[int, int], ...]


def joined_pages(pages: Sequence[str]) -> list[str]:
    """The pages, a word divided at the end of one completed there and taken from the beginning of the next."""
    whole = list(pages)
    for i in range(len(whole) - 1):
        if _HANGING.search(whole[i]) and (rest := _CONTINUED.match(whole[i + 1])):
            whole[i] = _HANGING.sub(r"\1", whole[i]) + rest.group(1)
            whole[i + 1] = whole[i + 1][rest.end() :]
    return whole


def windows(pages: Sequence[str]) -> tuple[Entry, ...]:
    """The entries of a document, from the text of its pages in order; pages without a term have none.

    Windows do not overlap: one after the other they are the whole text, so that the whole need not be stored too.
    """
    entries: list[Entry] = []
    for number, text in enumerate(joined_pages(pages), start=1):
        tokens = list(german.tokens(text))
        count = math.ceil(len(tokens) / WINDOW) if len(tokens) > LONG_PAGE else 1
        size = math.ceil(len(tokens) / count)
        for start in range(0, len(tokens), max(size, 1)):
            part = tokens[start : start + size]
            stems = " ".join(term for token in part for term in token.terms)
            pieces = " ".join(piece for token in part for piece in token.pieces)
            if stems or pieces:
                entries.append(Entry(number, stems, pieces))
    return tuple(entries)


def describe(*, exact: Sequence[str], others: Sequence[str] = ()) -> Description:
    """The description of a document.

    Args:
        exact: title, file name, reference numbers: what wins when it is typed whole.
        others: sender, name of the dossier, keywords …: found by their words.
    """
    stems: list[str] = []
    pieces: list[str] = []
    for text in (*exact, *others):
        more_stems, more_pieces = german.analyse(text)
        stems += more_stems
        pieces += more_pieces
    forms = dict.fromkeys(form for text in exact if (form := german.exact_form(text)))
    return Description(" ".join(stems), " ".join(pieces), tuple(forms))


class _Matcher:
    """Which tokens fit a question: same stem, or the question's word inside a longer one, as the index finds them."""

    def __init__(self, query: QueryTerms) -> None:
        self.terms = {word.term for word in query.words}
        self.parts = tuple((word.parts[0], " ".join(word.parts), word.term) for word in query.words if word.parts)
        long = (word for word in query.words if word.pieces and len(word.term) >= german.PIECE)
        self.inside = tuple((word.pieces[0], " ".join(word.pieces), word.term) for word in long)

    def match(self, token: Token) -> str | None:
        """The query term that the token fits, or None."""
        for term in token.terms:
            if term in self.terms:
                return term
        for rows, terms in ((self.parts, token.terms), (self.inside, token.pieces)):
            for first, row, term in rows:
                if first in terms and _stands(row, " ".join(terms)):
                    return term
        return None

    def found_in(self, entry: Entry) -> bool:
        """Whether a token that fits stands in a window; a number or word put together from its neighbours does too."""
        return (
            any(_stands(term, entry.stems) for term in self.terms)
            or any(_stands(row, entry.stems) for _, row, _ in self.parts)
            or any(_stands(row, entry.pieces) for _, row, _ in self.inside)
        )


def _stands(row: str, terms: str) -> bool:
    """Whether terms stand side by side among others; whole ones are looked at only where the letters are there."""
    return row in terms and f" {row} " in f" {terms} "


def pages_with(entries: Sequence[Entry], query: str) -> list[int]:
    """The pages on which words of a question stand, from the windows of a document: its text is not read again.

    No page is missing on which `matching_words` finds a word. A word divided by a page break stands where it begins.
    """
    matcher = _Matcher(german.analyse_query(query))
    return list(dict.fromkeys(entry.page for entry in entries if matcher.found_in(entry)))


def passages(pages: Sequence[str], query: str, *, limit: int = 2, only: Sequence[int] = ()) -> list[Passage]:
    """The places of a text that answer a question best, in the order of the text.

    Args:
        pages: the texts of the pages, in order.
        query: as typed.
        limit: how many passages at most.
        only: page numbers to look at, e.g. `Hit.pages`; empty for all.

    Returns:
        Passages cut at word borders, line breaks shown as blanks. None where nothing fits.
    """
    matcher = _Matcher(german.analyse_query(query))
    found: list[tuple[float, int, int, int, list[tuple[int, int]]]] = []
    for number in only or range(1, len(pages) + 1):
        if 1 <= number <= len(pages):
            found += _best_spans(pages[number - 1], number, matcher)
    best = sorted(found, key=lambda span: (-span[0], span[1], span[2]))[:limit]
    best.sort(key=lambda span: (span[1], span[2]))
    return [_cut(pages[page - 1], page, start, end, marks) for _, page, start, end, marks in best]


def _best_spans(
    text: str, page: int, matcher: _Matcher
) -> Iterator[tuple[float, int, int, int, list[tuple[int, int]]]]:
    """Stretches of at most `PASSAGE` words around the matches of a page, without overlap, with a score.

    A new word of the question counts 1, one seen before in the stretch a tenth.
    """
    tokens = list(german.tokens(text))
    fits = [(i, term) for i, token in enumerate(tokens) if (term := matcher.match(token)) is not None]
    spans = []
    for position, (first, _) in enumerate(fits):
        inside = [(i, term) for i, term in fits[position : position + PASSAGE] if i < first + PASSAGE]
        distinct = len({term for _, term in inside})
        spans.append((distinct + 0.1 * (len(inside) - distinct), first, inside))
    taken: list[tuple[int, int]] = []
    for score, first, inside in sorted(spans, key=lambda span: (-span[0], span[1])):
        last = inside[-1][0]
        spare = PASSAGE - (last - first + 1)
        start, end = max(0, first - spare // 3), min(len(tokens) - 1, last + spare - spare // 3)
        if any(start <= b and a <= end for a, b in taken):
            continue
        taken.append((start, end))
        marks = [(tokens[i].start, tokens[i].end) for i, _ in fits if start <= i <= end]
        yield score, page, tokens[start].start, tokens[end].end, marks


def _cut(text: str, page: int, start: int, end: int, marks: Sequence[tuple[int, int]]) -> Passage:
    """The stretch with punctuation that touches it; white space becomes blanks one by one, so that marks still fit."""
    while end < len(text) and not text[end].isspace() and not text[end].isalnum():
        end += 1
    shown = "".join(" " if c.isspace() or (not c.isprintable() and c != "\u00ad") else c for c in text[start:end])
    return Passage(page, shown, tuple((a - start, b - start) for a, b in marks))


def matching_words(text: str, query: str) -> list[int]:
    """Which words of a page's text fit a question, by their place among all that white space parts.

    A word divided at a line end (`Gebüh-`, `ren`) is judged as one and both halves are named. A compound that holds a
    word of the question of four letters or more is named whole.
    """
    matcher = _Matcher(german.analyse_query(query))
    starts = [word.start() for word in _WORD.finditer(text)]
    hits: list[int] = []
    place = 0
    for token in german.tokens(text):
        if matcher.match(token) is None:
            continue
        while place + 1 < len(starts) and starts[place + 1] <= token.start:
            place += 1
        last = place
        while last < len(starts) and starts[last] < token.end:
            if not hits or hits[-1] < last:
                hits.append(last)
            last += 1
    return hits
