import os
import signal
import threading
from pathlib import Path

import psutil
import pypdfium2 as pdfium
import pytest
from PIL import Image

from indexing import pixels
from indexing.errors import RecognitionFailed
from indexing.recognition import Recogniser
from indexing.tesseract import with_paragraph
from indexing.words import PageWords, page_text
from tests.indexing.documents.material import LETTER, corpora, order_free_errors, place, scan

DPI = 200


def read(recogniser: Recogniser, image: Image.Image, dpi: int = DPI) -> PageWords:
    grey = pixels.levelled(image)
    return recogniser.recognise(grey.tobytes(), width=grey.width, height=grey.height, dpi=dpi)


def errors(page: PageWords) -> float:
    wrong, total = order_free_errors(" ".join(LETTER), page_text(page))
    return wrong / total


@pytest.mark.parametrize("skew", [0.0, 2.0, -4.0, 5.0])
def test_a_noisy_skewed_page_is_read(recogniser: Recogniser, skew: float) -> None:
    page = read(recogniser, scan(skew=skew))
    assert errors(page) < 0.01
    assert page_text(page).splitlines() == [line for line in page_text(page).splitlines() if line]
    assert page_text(page).count("§") >= 3  # "§ 5" alone may be lost; amounts must not become paragraphs:
    assert "85" in [word.text for word in page.words]


def test_boxes_lie_where_the_words_are(recogniser: Recogniser) -> None:
    page = read(recogniser, scan(skew=2.0))
    first = {word.text: word.box for word in page.words if word.line == 0}
    x, y = place(0)
    # turned by two degrees about the middle of the page, a word at the upper left moves down and to the left
    assert first["Stadt"][0] == pytest.approx(x - 32, abs=12)
    assert first["Stadt"][1] == pytest.approx(y + 22, abs=12)
    assert (page.width, page.height) == scan().size


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_lying_on_its_side_is_read_upright(recogniser: Recogniser, turn: int) -> None:
    upright = scan(noise=4)
    page = read(recogniser, upright.rotate(turn, expand=True))
    assert page.turned == turn
    assert (page.width, page.height) == upright.size
    assert errors(page) < 0.01
    assert page.words[0].box[0] == pytest.approx(place(0)[0], abs=8)


def test_a_blank_page_and_a_tiny_one_have_no_words(recogniser: Recogniser) -> None:
    assert read(recogniser, Image.new("L", (1654, 2339), 240)).words == ()
    assert read(recogniser, Image.new("L", (1, 1), 0)).words == ()


def test_pixels_must_have_the_size_that_is_said(recogniser: Recogniser) -> None:
    with pytest.raises(ValueError, match="size"):
        recogniser.recognise(b"123", width=2, height=2, dpi=200)


def test_a_killed_process_costs_nothing(recogniser: Recogniser) -> None:
    image = scan(lines=LETTER[:2])
    read(recogniser, image)
    for pid in recogniser.pids():
        os.kill(pid, signal.SIGKILL)
    assert "Musterhausen" in page_text(read(recogniser, image))


def test_a_process_killed_while_reading_is_replaced(recogniser: Recogniser) -> None:
    image = scan()
    read(recogniser, image)
    before = set(recogniser.pids())
    results: list[PageWords] = []
    thread = threading.Thread(target=lambda: results.append(read(recogniser, image)))
    thread.start()
    while not (busy := before - set(recogniser.pids())):
        pass
    os.kill(busy.pop(), signal.SIGKILL)
    thread.join(60)
    assert errors(results[0]) < 0.01


def test_a_hanging_process_is_replaced_and_its_page_fails_alone() -> None:
    pool = Recogniser(1, wall_seconds=20)
    image = scan(lines=LETTER[:2])
    try:
        read(pool, image)
        (pid,) = pool.pids()
        pool._wall_seconds = 1
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(RecognitionFailed) as caught:
            read(pool, image)
        assert caught.value.retryable
        assert not psutil.pid_exists(pid)
        pool._wall_seconds = 60
        assert "Musterhausen" in page_text(read(pool, image))
    finally:
        pool.close()
    assert pool.pids() == []
    with pytest.raises(RecognitionFailed):
        read(pool, image)


def test_several_threads_read_at_once(recogniser: Recogniser) -> None:
    image = scan(lines=LETTER[:1])
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(page_text(read(recogniser, image)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert texts == ["Stadt Musterhausen, Fachdienst Bürgerservice"] * 4
    assert len(recogniser.pids()) == 2


@pytest.mark.parametrize(
    ("german", "english", "expected"),
    [
        ("8", "§", "§"),
        ("(8", "(§", "(§"),
        ("88", "§§", "§§"),
        ("88", "8§", "§§"),
        ("85", "§5", "§5"),
        ("$5,", "§5,", "§5,"),
        ("856", "§56", "§56"),
        ("856", "g§56", "§56"),
        ("8857", "§§57", "§§57"),
        ("851a", "§51a", "§51a"),
        ("85", "85", "85"),
        ("856", "§58", "856"),
        ("854", "§9", "854"),
        ("so", "§o", "so"),
        ("Straße", "§traße", "Straße"),
        ("1856", "1§56", "1856"),
    ],
)
def test_a_paragraph_sign_is_taken_over_only_where_both_readings_fit(german: str, english: str, expected: str) -> None:
    assert with_paragraph(german, english) == expected


def test_real_scans_are_read_with_few_errors(recogniser: Recogniser) -> None:
    wrong = total = 0
    for stem, number in (("scan-0", 1), ("scan-2", 2), ("scan-6", 1)):
        with pdfium.PdfDocument(corpora() / "scans" / f"{stem}.pdf") as document:
            page = document[number - 1]
            image = page.render(scale=300 / 72, rev_byteorder=True).to_pil()
            page.close()
        small = pixels.resized(pixels.levelled(image), pixels.RECOGNITION_DPI / 300)
        found = read(recogniser, small, pixels.RECOGNITION_DPI)
        truth = (corpora() / "scans" / f"{stem}.page{number}.txt").read_text()
        missed, length = order_free_errors(truth, page_text(found))
        wrong += missed
        total += length
    assert wrong / total < 0.015


def test_skew_is_measured_to_a_quarter_of_a_degree() -> None:
    for angle in (-5.0, 0.0, 3.25):
        assert pixels.skew(pixels.levelled(scan(skew=angle, dpi=100))) == pytest.approx(-angle, abs=0.26)


def test_recognition_data_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexing.recognition.TESSDATA", tmp_path)
    with pytest.raises(FileNotFoundError, match="deu, eng, osd"):
        Recogniser(1)
