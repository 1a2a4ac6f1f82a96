"""docs/api.md is true: its curl lines are run against the service, one after the other, as a reader would."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import papers
from tests.support.needs import missing
from tests.support.service import Municipality, Service, wait_ready

pytestmark = pytest.mark.journey
GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
PART = re.compile(r"^## (\d+)\. (.+?)$(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEPT = re.compile(r"Die `(\w+)` der Antwort ist `\$(\w+)`")


def test_the_guide_does_what_it_says(service: Service, municipality: Municipality, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl (tools/test-servers installs it)")
    letter = papers.written_pdf()
    (tmp_path / "Stellungnahme.pdf").write_bytes(letter)
    got = tmp_path / "got"
    got.mkdir()
    known = {"EAKTE": service.url, "SCHLUESSEL": municipality.tokens["clerk63"], "PATH": "/usr/bin:/bin"}
    answers: dict[int, Any] = {}
    parts = PART.findall(GUIDE.read_text())
    assert [int(number) for number, _title, _text in parts] == list(range(1, 11))
    with service.client(municipality.tokens["clerk63"]) as clerk:
        for number, _title, text in parts:
            (block,) = BLOCK.findall(text)
            assert block.count("curl ") == block.count("Bearer $SCHLUESSEL")
            folder = got if int(number) == 6 else tmp_path
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.replace("curl ", "curl --fail-with-body ")],
                cwd=folder,
                env=known,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (number, done.stdout, done.stderr)
            answers[int(number)] = json.loads(done.stdout[done.stdout.index("{") :])
            for field, name in KEPT.findall(text):
                known[name] = str(answers[int(number)][field])
            if int(number) == 4:
                wait_ready(clerk, known["DOKUMENT"])
    assert any(each["number"] == "632.2" for each in answers[1]["items"])
    assert answers[3]["dossier"] == known["AKTE"]
    assert answers[5]["state"] == "ready"
    assert (got / "Stellungnahme.pdf").read_bytes() == letter
    assert (got / "fassung.pdf").read_bytes().startswith(b"%PDF")
    assert "Genehmigung" in (got / "text.txt").read_text()
    assert (got / "seite1.webp").read_bytes()[8:12] == b"WEBP"
    assert "Genehmigung" in {word["text"] for word in answers[6]["words"]}
    assert known["DOKUMENT"] in {hit["document"]["id"] for hit in answers[7]["hits"]}
    assert answers[8]["title"] == "Stellungnahme der Nachbarin Müller"
    assert answers[9]["version"] == 2
    assert answers[10]["retention"]["end"]


def test_the_preparation_works_as_written(service: Service, municipality: Municipality) -> None:
    del municipality
    lines = [line for line in GUIDE.read_text().splitlines() if line.startswith("eakte ")]
    assert len(lines) == 2
    for line in lines:
        done = service.command(*shlex.split(line)[1:])
    with service.client(done.stdout.strip()) as machine:
        assert machine.get("/api/v1/dossiers").status_code == 200
