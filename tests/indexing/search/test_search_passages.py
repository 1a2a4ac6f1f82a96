"""From pages to windows, and from hits to what a person sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing import german, passages
from indexing.search import whole
from indexing.terms import terms_from_bytes, terms_to_bytes

_PAGES = st.lists(st.text(alphabet="abc äß-\n§1.", max_size=60), max_size=4)


def _words(n: int) -> str:
    return " ".join(f"wort{i}" for i in range(n))


def _marked(passage: passages.Passage) -> list[str]:
    return [passage.text[start:end] for start, end in passage.marks]


def test_a_page_is_one_window_until_it_is_long() -> None:
    assert [entry.page for entry in passages.windows([_words(150), "", _words(3)])] == [1, 3]
    sizes = [len(entry.stems.split()) for entry in passages.windows([_words(450)])]
    assert sizes == [90] * 5
    assert all(60 <= len(e.stems.split()) <= 100 for e in passages.windows([_words(151)]))


@given(_PAGES)
def test_the_windows_one_after_the_other_are_the_whole_text(pages: list[str]) -> None:
    entries = passages.windows(pages)
    stems, pieces = whole(entries).stems.split(), whole(entries).pieces.split()
    joined = [german.analyse(page) for page in passages.joined_pages(pages)]
    assert stems == [term for page in joined for term in page[0]]
    assert pieces == [piece for page in joined for piece in page[1]]
    assert [e.page for e in entries] == sorted(e.page for e in entries)


def test_a_word_divided_by_a_page_break_belongs_to_the_page_where_it_begins() -> None:
    first, second = passages.windows(["Die Verwaltungsge-\n", "\nbühren der Stadt"])
    assert first.stems == "verwaltungsgebuhr"
    assert second.stems == "stadt"


def test_a_description_holds_words_and_exact_forms() -> None:
    description = passages.describe(exact=["Hundesteuer-Satzung", "632.2-00017/2026", ""], others=["Müller & Söhne"])
    assert description.exact == ("hundesteuer satzung", "632 2 00017 2026")
    assert description.stems.split()[:3] == ["hundesteu", "satzung", "632.2-00017/2026"]
    assert "mull" in description.stems.split()


def test_a_passage_shows_where_the_words_stand() -> None:
    filler = "Der Rat nimmt den Bericht zur Kenntnis. " * 20
    pages = [filler, f"{filler}Die Hundesteuer\nbeträgt 96 Euro im Jahr. {filler}"]
    (passage,) = passages.passages(pages, "Hundesteuer im Jahr", limit=1)
    assert passage.page == 2
    assert _marked(passage) == ["Hundesteuer", "Jahr"]
    assert "Hundesteuer beträgt 96 Euro im Jahr." in passage.text
    assert len(passage.text.split()) <= passages.PASSAGE + 1


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Die Straßenreinigungsgebühren steigen.", "Gebühr", ["Straßenreinigungsgebühren"]),
        ("Die Straßen-\nreinigung ruht.", "Reinigung", ["Straßen- reinigung"]),
        ("Gebu\u0308hren (Gebühren)", "gebuehr", ["Gebu\u0308hren", "Gebühren"]),
        ("nach § 35 und § 36", "§ 35", ["§ 35"]),
        ("Az. 632.2-00017/2026 vom", "00017/2026", ["632.2-00017/2026"]),
        ("am 12.03.2026 und 13.03.2026", "12. März 2026", ["12.03.2026"]),
        ("Amt und Beamte", "Amt", ["Amt"]),
        ("𝔄 😀 Gebühr 😀", "Gebühr", ["Gebühr"]),
    ],
)
def test_marks_count_code_points_of_the_passage(text: str, query: str, marked: list[str]) -> None:
    (passage,) = passages.passages([text], query)
    assert _marked(passage) == marked


def test_passages_are_the_best_ones_in_the_order_of_the_text() -> None:
    filler = "ruhig " * 60
    text = f"Gebühr {filler} Gebühr Hund {filler} Hund {filler} Gebühr Hund Hund"
    found = passages.passages([text, "Gebühr Hund Katze"], "Gebühr Hund Katze", limit=2)
    assert [(p.page, _marked(p)) for p in found] == [(1, ["Gebühr", "Hund", "Hund"]), (2, ["Gebühr", "Hund", "Katze"])]
    assert passages.passages([text, "Gebühr Hund"], "Gebühr", only=[2])[0].page == 2
    assert passages.passages([text], "Katze") == []
    assert passages.passages([text], "Gebühr", only=[7]) == []


@given(_PAGES, st.text(alphabet="abc ä§1.", max_size=12))
def test_passages_are_cut_from_the_text_and_marks_lie_within(pages: list[str], query: str) -> None:
    for passage in passages.passages(pages, query, limit=3):
        assert "".join(passage.text.split()) in "".join(pages[passage.page - 1].split())
        assert passage.marks
        end = 0
        for start, stop in passage.marks:
            assert end <= start < stop <= len(passage.text)
            end = stop


@pytest.mark.parametrize(
    ("text", "query", "numbers"),
    [
        ("Die Gebüh-\nren steigen", "Gebühr", [1, 2]),
        ("Hundegebühren, Katze (Gebühr)", "Gebühren", [0, 2]),
        ("§ 35 BauGB 35", "§ 35", [0, 1]),
        ("12. März\n2026", "12.03.2026", [0, 1, 2]),
        ("am 12. 3. 2026", "12.03.2026", [1, 2, 3]),
        ("Straße/Weg Weg", "Weg", [0, 1]),
        ("Gebühr\n", "Gebühr", [0]),
        ("Haupt-\nund Nebenstraße", "Hauptstraße", []),
        ("Haupt- straße", "Hauptstraße", []),
        ("Az. 632.2-00017/2026 und 00017 2026", "00017/2026", [1]),
        ("Amt Beamter", "Amt", [0]),
        ("", "Gebühr", []),
        ("Gebühr", "", []),
    ],
)
def test_words_to_frame_on_the_page_image(text: str, query: str, numbers: list[int]) -> None:
    assert passages.matching_words(text, query) == numbers


_ODD = (
    *("Gebüh-", "ren", "Ue-", "bung", "UEBUNG", "Müßiggang", "Muessiggang", "Ge\u00adbühr", "ﬁn", "den", "e", "ee"),
    *("E-Mail", "EMAIL", "§§", "35,", "36a", "12.", "März", "2026", "2026-03-12", "3.5.2026", "1.234", "632.2"),
    *("632.2-00017/2026", "00017", "Bäu-12/3", "Bau-12/3", "DE89", "3704", "0044", "0532", "0130", "00"),
    *("Hundesteuer", "Steuer", "Straße/Weg"),
)
_WORDS = st.one_of(st.sampled_from(_ODD), st.text(max_size=8))


_LAID_OUT = st.lists(st.tuples(_WORDS, st.sampled_from(" \n")), max_size=12).map(
    lambda words: "".join(map("".join, words))
)


# Words that stand inside others of `_ODD`, or are written in another way there.
_INSIDE = st.sampled_from(
    ("Steuer", "hundest", "Gebühr", "Übung", "Muessig", "12.03.2026", "00017/2026", "632.2-00017")
)


@given(st.lists(_LAID_OUT, max_size=4), st.lists(st.one_of(_INSIDE, _WORDS), max_size=3).map(" ".join))
def test_no_page_with_a_word_to_frame_is_missing_among_those_found_in_the_entries(pages: list[str], query: str) -> None:
    framed = [n for n, text in enumerate(passages.joined_pages(pages), 1) if passages.matching_words(text, query)]
    found = passages.pages_with(terms_from_bytes(terms_to_bytes(passages.windows(pages))), query)
    assert set(framed) <= set(found)
    assert found == sorted(set(found))


def test_pages_are_found_as_the_search_finds_them() -> None:
    pages = [
        "Die Gebüh-\nren steigen",
        "ab dem 12. März 2026.",
        "",
        _words(400),
        "nach Az. 632.2-00017/2026, Abfall-",
        "satzung",
    ]
    questions = (
        "Gebühr",
        "bühren",
        "12.03.2026",
        "13.03.2026",
        "00017/2026",
        "Abfallsatzung",
        "Satzung",
        "steigen März",
        "",
    )
    found = {query: passages.pages_with(passages.windows(pages), query) for query in questions}
    assert found == {
        "Gebühr": [1],
        "bühren": [1],
        "12.03.2026": [2],
        "13.03.2026": [],
        "00017/2026": [5],
        "Abfallsatzung": [5],
        "Satzung": [5],
        "steigen März": [1, 2],
        "": [],
    }


@given(st.lists(st.text(max_size=8), max_size=12), st.text(max_size=8))
def test_words_to_frame_exist_and_come_once_in_order(words: list[str], query: str) -> None:
    text = " ".join(words)
    numbers = passages.matching_words(text, query)
    assert numbers == sorted(set(numbers))
    assert all(0 <= n < len(text.split()) for n in numbers)
