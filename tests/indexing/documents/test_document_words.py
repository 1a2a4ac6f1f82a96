import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.errors import BadWords
from indexing.words import (
    MAX_WORDS,
    PAGE_BYTES,
    PageWords,
    Word,
    cleaned,
    clipped,
    from_json,
    page_text,
    read_page,
    read_pages,
    to_json,
    write_words,
)

PAGE = PageWords(
    1,
    2000,
    2800,
    (
        Word("Größe", (100, 100, 200, 130), 96, 0),
        Word("§", (210, 100, 220, 130), None, 0),
        Word("12", (100, 140, 130, 170), 0, 1),
    ),
)


def shape(**changes: Any) -> bytes:
    return json.dumps(json.loads(to_json(PAGE)) | changes).encode()


def word(**changes: Any) -> bytes:
    first = {"text": "a", "box": [0, 0, 10, 10], "confidence": 50, "line": 0}
    return shape(words=[first | changes])


def test_lines_are_joined_by_line_feeds_and_words_by_spaces() -> None:
    assert page_text(PAGE) == "Größe §\n12"


def test_the_shape_is_the_one_that_others_rely_on() -> None:
    assert json.loads(to_json(PAGE)) == {
        "page": 1,
        "width": 2000,
        "height": 2800,
        "words": [
            {"text": "Größe", "box": [100, 100, 200, 130], "confidence": 96, "line": 0},
            {"text": "§", "box": [210, 100, 220, 130], "confidence": None, "line": 0},
            {"text": "12", "box": [100, 140, 130, 170], "confidence": 0, "line": 1},
        ],
    }


def test_what_is_written_is_read_page_by_page(tmp_path: Path) -> None:
    pages = [PAGE, PageWords(2, 10, 10, (), turned=90)]
    write_words(tmp_path / "words.zip", iter(pages))
    with (tmp_path / "words.zip").open("rb") as layer:
        assert read_page(layer, 2) == pages[1]
        assert list(read_pages(layer)) == pages
        assert list(read_pages(layer, [7, 2])) == pages[1:2]
        with pytest.raises(KeyError):
            read_page(layer, 3)


def test_the_same_words_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_words(tmp_path / name, [PAGE])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"[]",
        b"nonsense",
        b"[" * 100_000,
        shape(page=2),
        shape(width=0),
        shape(width=True),
        shape(height=1e9),
        shape(turned=45),
        shape(words={}),
        shape(words=[1]),
        shape(words=[{}]),
        word(text=""),
        word(text="two words"),
        word(text="a\0b"),
        word(text="a\u202eb"),
        word(text="x" * 2000),
        word(text=7),
        word(box=[0, 0, 10]),
        word(box=[10, 0, 10, 10]),
        word(box=[-1, 0, 10, 10]),
        word(box=[0, 0, 2001, 10]),
        word(box=[0.5, 0, 10, 10]),
        word(confidence=101),
        word(confidence="high"),
        word(line=-1),
        shape(words=[json.loads(word())["words"][0]] * (MAX_WORDS + 1)),
        b" " * (PAGE_BYTES + 1),
    ],
)
def test_words_that_are_not_words_are_refused(untrusted: bytes) -> None:
    with pytest.raises(BadWords):
        from_json(untrusted, 1)


def test_a_page_that_unpacks_to_more_than_its_bound_is_not_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00001.json", b" " * (PAGE_BYTES * 4))
    with pytest.raises(BadWords):
        read_page(buffer, 1)


@pytest.mark.parametrize("damage", [b"", b"PK\3\4 no archive"])
def test_a_damaged_layer_is_named(damage: bytes) -> None:
    with pytest.raises(BadWords):
        read_page(io.BytesIO(damage), 1)


@given(st.text(), st.tuples(*[st.floats(-1e6, 1e6)] * 4), st.integers(1, 5000), st.integers(1, 5000))
def test_whatever_is_cleaned_and_clipped_can_be_written_and_read(
    text: str, box: tuple[float, float, float, float], width: int, height: int
) -> None:
    if kept := cleaned(text):
        page = PageWords(1, width, height, (Word(kept, clipped(box, width, height), None, 0),))
        assert from_json(to_json(page), 1) == page
