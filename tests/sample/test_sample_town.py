"""The sample municipality: always the same, whole in itself, and readable."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import yaml
from PIL import Image
from tesserocr import PSM, PyTessBaseAPI

from eakte.operations.plan_files import read_plan
from eakte.sample.composing import compose, dossier_facts, fill, letter_facts, load, seeded
from eakte.sample.town import PLAN, STATION, Town, town
from eakte.sample.values import REFERENCE_DAY, SampleDocument
from eakte.terms import DocumentKind, Level, Role

ROOT = Path(__file__).parents[2]
DIGEST = """
import hashlib
from eakte.sample.town import town
digest = hashlib.sha256()
for document in town(7, 24).documents():
    digest.update(repr(document).encode() + document.content + "".join(document.truth).encode())
print(digest.hexdigest())
"""


@pytest.fixture(scope="module")
def sample() -> Town:
    return town(seed=7, documents=24)


@pytest.fixture(scope="module")
def documents(sample: Town) -> list[SampleDocument]:
    return list(sample.documents())


def page_texts(content: bytes) -> list[str]:
    with pdfium.PdfDocument(content) as pdf:
        return [pdf[number].get_textpage().get_text_range() for number in range(len(pdf))]


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w{4,}", text))


# ------------------------------------------------------------ the same


def test_two_processes_with_other_hash_seeds_and_this_one_make_the_same_bytes(documents: list[SampleDocument]) -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, zone in (("1", "UTC"), ("4711", "Asia/Tokyo"))
    }
    here = hashlib.sha256()
    for document in documents:
        here.update(repr(document).encode() + document.content + "".join(document.truth).encode())
    assert digests == {here.hexdigest()}


def test_a_document_does_not_depend_on_those_made_before_it(sample: Town, documents: list[SampleDocument]) -> None:
    assert sample.document(17) == documents[17]


def test_another_seed_makes_other_papers(documents: list[SampleDocument]) -> None:
    other = town(seed=8, documents=24)
    assert [other.document(number).content for number in (0, 1, 3)] != [documents[n].content for n in (0, 1, 3)]


def test_there_is_no_document_beyond_the_count(sample: Town) -> None:
    with pytest.raises(IndexError, match="24 documents"):
        sample.document(24)
    with pytest.raises(ValueError, match="negative"):
        town(seed=1, documents=-1)


# ------------------------------------------------------------ whole in itself


def test_a_third_are_scans_of_two_pages_or_more_without_any_text(documents: list[SampleDocument]) -> None:
    scans = [document for document in documents if document.scan]
    assert len(scans) == len(documents) // 3
    for document in scans:
        texts = page_texts(document.content)
        assert document.pages == len(texts) == len(document.truth) >= 2
        assert not any(texts)
        assert all(len(page.split()) > 10 for page in document.truth)


def test_the_plan_is_read_by_the_reader_of_plan_files_and_by_a_plain_one() -> None:
    rows = read_plan(PLAN)
    assert len(rows) >= 60
    assert yaml.safe_load(PLAN.read_text(encoding="utf-8"))["classes"][0]["number"] == "0"
    levels: dict[str | None, int] = {None: 0}
    for row in rows:
        levels[row.number] = levels[row.parent] + 1
    assert max(levels.values()) == 4
    assert {row.legal_basis is None for row in rows if row.term is not None} == {False}
    units = {unit.number for unit in town(1, 0).units}
    assert {row.unit for row in rows if row.unit} <= units


def test_every_reference_leads_somewhere() -> None:
    sample = town(seed=3, documents=400)
    bookable = {row.number for row in read_plan(PLAN) if row.files_allowed}
    anchors = {row.number: row.anchor for row in read_plan(PLAN)}
    units = {unit.number for unit in sample.units}
    assert {unit.parent for unit in sample.units} <= units | {None}
    assert {user.unit for user in sample.users} <= units
    for dossier in sample.dossiers:
        assert dossier.plan_class in bookable
        assert dossier.unit in units
        assert Level.parse(dossier.confidentiality) in Level
        assert dossier.created_on < (dossier.closed_on or REFERENCE_DAY)
        for name, _ in dossier.events:
            anchor = anchors[dossier.plan_class]
            assert anchor is not None
            assert anchor.event == name
    assert {dossier.plan_class for dossier in sample.dossiers} == {matter["class"] for matter in load("matters.yaml")}


def test_documents_lie_in_their_dossiers_life(sample: Town, documents: list[SampleDocument]) -> None:
    dossiers = {dossier.key: dossier for dossier in sample.dossiers}
    for document in documents:
        dossier = dossiers[document.dossier_key]
        day = document.received_on or document.sent_on or document.written_on
        assert DocumentKind(document.kind)
        assert (document.received_on is None) == (document.kind != "incoming")
        assert (document.sent_on is None) == (document.kind != "outgoing")
        assert dossier.created_on <= document.written_on <= day <= (dossier.closed_on or REFERENCE_DAY)
        assert document.case_key in {None, *(case.key for case in dossier.cases)}
        if document.inbox:
            assert document.kind == "incoming"
            assert document.case_key is None
            assert dossier.closed_on is None
    assert any(document.inbox for document in documents)
    assert len({document.filename for document in documents}) == len(documents)


def test_every_role_has_somebody_and_two_units_have_clerks(sample: Town) -> None:
    assert {Role(role) for user in sample.users for role in user.roles} == set(Role)
    assert len({user.unit for user in sample.users if "clerk" in user.roles}) >= 2
    assert [user.login for user in sample.users if user.machine] == [STATION]
    assert len({user.login for user in sample.users}) == len(sample.users)
    assert {user.unit for user in sample.users if "clerk" in user.roles} >= {d.unit for d in town(1, 400).dossiers}


def test_some_dossiers_are_open_some_run_and_some_are_due(sample: Town) -> None:
    terms = {row.number: row.term for row in read_plan(PLAN)}
    closed = [dossier for dossier in sample.dossiers if dossier.closed_on]
    assert len(closed) < len(sample.dossiers)
    ages = []
    for dossier in closed:
        number, term = dossier.plan_class, terms[dossier.plan_class]
        while term is None:
            number = number[:-1].rstrip(".")
            term = terms.get(number)
        assert dossier.closed_on is not None
        ages.append(REFERENCE_DAY.year - dossier.closed_on.year > term.years)
    assert set(ages) == {True, False}


def test_dossiers_grow_with_the_documents_and_nothing_is_made_early() -> None:
    few, many = town(1, 24), town(1, 10_000)
    assert len(many.dossiers) > 50 * len(few.dossiers)
    first = next(many.documents())
    assert first.key == "s000001"


# ------------------------------------------------------------ readable


def test_letters_carry_their_text_with_umlauts_paragraph_and_euro_in_embedded_fonts(
    documents: list[SampleDocument],
) -> None:
    letters = [one for one in documents if one.media_type == "application/pdf" and not one.scan]
    everything = ""
    for letter in letters:
        assert b"/FontFile2" in letter.content
        everything += "".join(page_texts(letter.content))
    assert re.search("[ÄÖÜ]", everything)
    for sign in "äöüß§€„“–":
        assert sign in everything, sign
    assert "\ufffd" not in everything


def test_the_reference_number_is_printed_as_the_caller_says(sample: Town) -> None:
    numbers = {dossier.key: f"63-{index:05}/2026" for index, dossier in enumerate(sample.dossiers)}
    printed = [document for document in sample.documents(numbers) if numbers[document.dossier_key] in document.truth[0]]
    assert len(printed) >= 8


def test_pictures_notes_and_mails_are_what_they_say(documents: list[SampleDocument]) -> None:
    kinds = Counter(document.media_type for document in documents)
    assert kinds["text/plain"]
    assert kinds["text/html"]
    for document in documents:
        if document.media_type.startswith("image/"):
            picture = Image.open(io.BytesIO(document.content))
            assert picture.format is not None
            assert document.media_type == f"image/{picture.format.lower()}"
        elif document.media_type == "text/plain":
            assert document.content.decode() == document.truth[0]


def test_letters_do_not_look_alike() -> None:
    sample = town(seed=5, documents=120)
    born_digital = [sample.document(number) for number in range(120) if number % 3 == 0]
    texts = [frozenset(words("".join(document.truth))) for document in born_digital]
    alike = [(a, b) for i, a in enumerate(texts) for b in texts[:i] if len(a & b) > 0.9 * len(a | b)]
    assert not alike


def test_every_sentence_of_the_word_files_finds_its_facts() -> None:
    stock = load("words.yaml")
    for round_ in range(4):
        for matter in load("matters.yaml"):
            rng = seeded("sentences", round_, matter["class"])
            facts = letter_facts(rng, dossier_facts(rng, matter["words"], 2026), REFERENCE_DAY)
            facts |= {"title": fill(matter["title"], facts, rng), "ref": "1-00001/2026", "clerk": "Petra Hansen"}
            everything = [*matter["letters"], *stock["annexes"], *stock["notes"], *stock["mails"]]
            for spec in everything:
                text = fill(spec["title"], facts, rng) + repr(compose(spec["body"], facts, rng, matter["words"]))
                assert not re.search(r"[{}]|\[\[|\]\]", text), spec["title"]
            for chapter in stock["chapters"]:
                assert compose(chapter, facts, rng, {})


def test_tesseract_reads_the_words_of_a_scan(documents: list[SampleDocument]) -> None:
    scan = next(document for document in documents if document.scan)
    with pdfium.PdfDocument(scan.content) as pdf:
        picture = pdf[0].render(scale=200 / 72).to_pil().convert("L")
    tessdata = os.path.join(sys.prefix, "share", "tessdata")  # noqa: PTH118 - Tesseract wants a string
    with PyTessBaseAPI(path=tessdata, lang="deu", psm=PSM.AUTO) as engine:
        engine.SetImageBytes(picture.tobytes(), picture.width, picture.height, 1, picture.width)
        found = words(engine.GetUTF8Text())
    expected = words(scan.truth[0])
    assert (expected & found).total() > 0.9 * expected.total()
    assert "Eingegangen" in found or "Abgesandt" in found or scan.kind == "internal"
