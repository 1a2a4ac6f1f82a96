"""Words to terms by table, and what holds for any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing import german

_GERMAN = st.text(
    alphabet=st.sampled_from([*"abeghnrstuäöüßÄÜ0123 \n\r\t-.,/§()„“", "\u00ad", "\u0308", "\u200b", "ﬁ", "½", "\f"]),
    max_size=80,
)


@pytest.mark.parametrize(
    "spellings",
    [
        ["Straße", "Strasse", "STRASSE", "STRAẞE", "straßen", "Strassen"],
        ["Gebühr", "Gebuehr", "Gebuhr", "GEBÜHR", "Gebu\u0308hr", "Gebühren", "Gebuehren", "Ge\u00adbüh\u00adren"],
        ["Äußerung", "Aeusserung", "Ausserung"],
        ["Öffnung", "Oeffnung"],
        ["Bürgerbüro", "Buergerbuero", "BÜRGERBÜRO"],
        ["Hund", "Hunde", "Hunden", "Hundes"],
        ["Kind", "Kinder", "Kindern"],
        ["Haus", "Häuser", "Häusern", "Haeuser"],
        ["Satzung", "Satzungen"],
        ["schön", "schöne", "schönen", "schöner", "schönes", "schönste"],
        ["Antrag", "Anträge", "Anträgen", "Antrages", "Antrags"],
        ["finden", "ﬁnden"],
        ["Gebüh-\nren", "Gebüh-\r\nren", "Gebüh\u00ad\n  ren", "Gebüh¬\nren", "Gebüh\u2010\nren", "Gebühr"],
    ],
)
def test_spellings_and_forms_of_a_word_agree(spellings: list[str]) -> None:
    assert {tuple(german.stems(word)) for word in spellings} == {tuple(german.stems(spellings[0]))}
    assert len(german.stems(spellings[0])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Steuer", "Stur"), ("Bauer", "Baur"), ("neue", "nu"), ("Recht", "Rechen"), ("Amt", "Amsel"), ("Quelle", "Qelle")],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert german.stems(one) != german.stems(other)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("632.2-00017/2026", ["632.2-00017/2026", "632", "00017", "2026"]),
        ("§ 35 BauGB", ["§35", "35", "baugb"]),
        ("§35", ["§35", "35"]),
        ("§§ 35, 36 und 37a", ["§35", "35", "§36", "36", "§37a", "37a"]),
        ("§ 35 Abs. 2", ["§35", "35", "abs", "2"]),
        ("12.03.2026", ["2026-03-12", "2026"]),
        ("12.3.2026", ["2026-03-12", "2026"]),
        ("2026-03-12", ["2026-03-12", "2026"]),
        ("12. März 2026", ["2026-03-12", "marz", "2026"]),
        ("12. Ma\u0308rz 2026", ["2026-03-12", "marz", "2026"]),
        ("DE89 3704 0044 0532 0130 00", ["de89370400440532013000"]),
        ("DE89370400440532013000", ["de89370400440532013000"]),
        ("DE88 3704 0044 0532 0130 00", ["de88", "3704", "0044", "0532", "0130", "00"]),
        ("3.000.000 Euro", ["3000000", "euro"]),
        ("Baden-\nWürttemberg", ["bad", "wurttemberg"]),
        ("Haupt-\nund Nebenstraße", ["haupt", "nebenstrass"]),
        ("E-Mail", ["email", "mail"]),
        ("Bebauungsplan-Entwurf", ["bebauungsplan", "entwurf"]),
        ("Die Gebühr, die wir für das Haus zahlen", ["gebuhr", "haus", "zahl"]),
        ("", []),
        ("und der die – … ( )", []),
    ],
)
def test_a_text_gives_these_terms(text: str, terms: list[str]) -> None:
    assert german.stems(text) == terms


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Gebühr", ["gebu", "ebuh", "buhr"]),
        ("Hund", ["hund"]),
        ("Amt", ["amt"]),
        ("der Hund", ["hund"]),
        ("632.2-00017/2026", []),
        ("Öl-Tank", ["olta", "ltan", "tank"]),
    ],
)
def test_a_text_gives_these_pieces(text: str, pieces: list[str]) -> None:
    assert german.pieces(text) == pieces


def test_a_splitter_adds_the_parts_of_a_compound() -> None:
    parts = {"hundesteuer": ("hunde", "steuer")}
    stems = german.stems("Die Hundesteuer 2026", split=lambda word: parts.get(word, ()))
    assert stems == ["hundesteu", "hund", "steu", "2026"]


def test_a_question_has_words_pairs_and_phrases() -> None:
    question = german.analyse_query("Wie hoch ist die „Gebühr für Hunde“ laut 632.2-00017/2026?")
    assert [word.term for word in question.words] == ["hoch", "gebuhr", "hund", "632.2-00017/2026"]
    assert question.words[1].pieces == ("gebu", "ebuh", "buhr")
    assert question.words[3].parts == ("632", "00017", "2026")
    assert question.pairs == (("hoch", "gebuhr"), ("gebuhr", "hund"), ("hund", "632.2-00017/2026"))
    assert question.phrases == (("gebuhr", "hund"),)
    assert question.exact == "wie hoch ist die gebuhr fur hunde laut 632 2 00017 2026"


@pytest.mark.parametrize("text", ['"Gebühr"', "„Gebühr“", "»Gebühr«", "“Gebühr”", "«Gebühr»"])
def test_all_kinds_of_quotation_marks(text: str) -> None:
    assert german.analyse_query(text).phrases == (("gebuhr",),)


def test_a_question_of_any_length_stays_small() -> None:
    question = german.analyse_query(" ".join(f"wort{n}" for n in range(10_000)))
    assert len(question.words) == german.MAX_QUERY_WORDS
    assert len(question.exact) <= german.MAX_QUERY_LENGTH
    assert german.analyse_query("").empty
    assert not german.analyse_query("und").empty


@given(st.text() | _GERMAN)
def test_any_text_gives_sound_terms_and_offsets_that_never_go_backwards(text: str) -> None:
    end = 0
    for token in german.tokens(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end
        for term in (*token.terms, *token.pieces):
            assert term
            assert len(term) <= 2 * german.MAX_TERM
            assert not any(c.isspace() for c in term)
            assert term.split() == [term]
    stems, pieces = german.analyse(text)
    assert stems == [term for terms, _, _ in german.tokens_with_offsets(text) for term in terms]
    assert all(len(piece) <= german.PIECE for piece in pieces)
    german.analyse_query(text)


@given(_GERMAN)
def test_folding_twice_changes_nothing_more_than_folding_once_does_to_the_case(text: str) -> None:
    folded = german.fold(text)
    assert folded == folded.casefold()
    assert all(c.isalnum() for c in folded)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1))
def test_a_stem_is_a_beginning_of_its_word(word: str) -> None:
    stem = german.stem(word)
    assert stem
    assert word.startswith(stem)


def test_long_runs_without_blanks_take_no_time() -> None:
    for run in (
        "a" * 200_000,
        "a-" * 100_000,
        "1." * 100_000,
        "§" * 100_000,
        "A1 " * 50_000,
        "-\n" * 100_000,
        "a-\n" * 50_000,
    ):
        assert sum(1 for _ in german.tokens(run)) <= 200_000
