"""docs/api.md is true: its curl lines and its Python run against the service, in order, as a reader would."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import papers
from tests.support.needs import missing
from tests.support.service import Municipality, Service, wait_ready

pytestmark = pytest.mark.journey
GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
PART = re.compile(r"^## (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEPT = re.compile(r"Die `(\w+)` der Antwort ist `\$(\w+)`")
FILES = "6. Original, PDF/A, Text und Seiten holen"

# What a reader of the Python would look at; printed after the last block of the guide.
LOOK = """
import json
print(json.dumps({
    "page": "Genehmigung" in erste_seite, "image": bild[8:12].decode(), "words": len(worte),
    "revision": dokument["title"],
    "reminder": wiedervorlage["document"] == dokument["id"], "final": bool(abgeschlossen["final"]),
    "cancelled": storniert["cancelled"]["reason"], "end": geschlossen["retention"]["end"], "state": akte["state"],
    "papers": [each["title"] for each in abgelegt["documents"]], "found": gefunden["title"],
    "same": umbenannt["id"] == gefunden["id"] == abgelegt["dossier"]["id"], "valid": signatur["valid"],
}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader stands: the letter lies there, and `got` takes what is fetched."""
    (tmp_path / "Stellungnahme.pdf").write_bytes(papers.written_pdf())
    (tmp_path / "got").mkdir()
    return tmp_path


def parts() -> list[tuple[str, str]]:
    found = PART.findall(GUIDE.read_text())
    numbered = [int(title.split(".")[0]) for title, _text in found if title[0].isdigit()]
    assert numbered == list(range(1, 11))
    return found


def told(output: str) -> list[Any]:
    """All JSON that the commands of a block answered."""
    answers, rest = [], output[output.index("{") :]
    while rest:
        answer, end = json.JSONDecoder().raw_decode(rest)
        answers.append(answer)
        rest = rest[end:].strip()
    return answers


def test_curl_does_what_the_guide_says(service: Service, municipality: Municipality, folder: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl (tools/test-servers installs it)")
    got = folder / "got"
    known = {"EAKTE": service.url, "SCHLUESSEL": municipality.tokens["clerk63"], "PATH": "/usr/bin:/bin"}
    answers: dict[str, list[Any]] = {}
    with service.client(municipality.tokens["clerk63"]) as clerk:
        for title, text in parts():
            for block in SHELL.findall(text):
                assert block.count("curl ") == block.count("Bearer $SCHLUESSEL")
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", block.replace("curl ", "curl --fail-with-body ")],
                    cwd=got if title == FILES else folder,
                    env=known,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, (title, done.stdout, done.stderr)
                answers[title.split(".")[0]] = told(done.stdout)
                for field, name in KEPT.findall(text):
                    known[name] = str(answers[title.split(".")[0]][0][field])
            if title.startswith("4."):
                wait_ready(clerk, known["DOKUMENT"])
    assert any(each["number"] == "632.2" for each in answers["1"][0]["items"])
    assert answers["3"][0]["dossier"] == known["AKTE"]
    assert answers["5"][0]["state"] == "ready"
    assert (got / "Stellungnahme.pdf").read_bytes() == (folder / "Stellungnahme.pdf").read_bytes()
    assert (got / "fassung.pdf").read_bytes().startswith(b"%PDF")
    assert "Genehmigung" in (got / "text.txt").read_text()
    assert (got / "seite1.webp").read_bytes()[8:12] == b"WEBP"
    assert "Genehmigung" in {word["text"] for word in answers["6"][0]["words"]}
    assert known["DOKUMENT"] in {hit["document"]["id"] for hit in answers["7"][0]["hits"]}
    changed, bulk, reminder = answers["8"]
    assert changed["title"] == "Stellungnahme der Nachbarin Müller"
    assert bulk["documents"][0]["id"] == reminder["document"] == known["DOKUMENT"]
    out, second, restored, final, cancelled = answers["9"]
    assert out["checked_out"]
    assert (second["version"], restored["version"], restored["checked_out"]) == (2, 3, None)
    assert final["final"]
    assert cancelled["cancelled"]["reason"] == "Gehört zu einem anderen Antrag"
    closed, again = answers["10"]
    assert closed["retention"]["end"]
    assert again["state"] == "open"
    (whole,) = answers["Für Fachverfahren: alles in einem Aufruf"]
    assert [each["title"] for each in whole["documents"]] == ["Antrag", "Eingangsbestätigung"]
    renamed, found = answers["Für Fachverfahren: nach eigenem Schlüssel anlegen oder ändern"]
    assert (renamed["id"], renamed["title"]) == (whole["dossier"]["id"], "Bauantrag Ahornweg 3a")
    assert [each["id"] for each in found["items"]] == [renamed["id"]]
    signed, signatures = answers["Für Fachverfahren: signieren und prüfen"]
    assert signed["final"]
    assert [each["valid"] for each in signatures["items"]] == [True]


def test_the_client_does_what_the_guide_says(service: Service, municipality: Municipality, folder: Path) -> None:
    blocks = [block for _title, text in parts() for block in PYTHON.findall(text)]
    shells = [block for _title, text in parts() for block in SHELL.findall(text)]
    assert len(blocks) == len(shells) + 1  # and the one that opens the client
    environment = {**service.environment, "EAKTE": service.url, "SCHLUESSEL": municipality.tokens["clerk63"]}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join([*blocks, LOOK])],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    looked = json.loads(done.stdout.splitlines()[-1])
    assert looked.pop("words") > 5
    assert looked.pop("end")
    assert looked == {
        "page": True, "image": "WEBP", "revision": "Stellungnahme der Nachbarin Müller", "reminder": True,
        "final": True,
        "cancelled": "Gehört zu einem anderen Antrag", "state": "open", "papers": ["Antrag", "Eingangsbestätigung"],
        "found": "Bauantrag Ahornweg 5a", "same": True, "valid": True,
    }  # fmt: skip
    assert "Stellungnahme" in done.stdout
    assert "Es gibt noch offene Vorgänge." in done.stdout
    assert (folder / "original.pdf").read_bytes() == (folder / "Stellungnahme.pdf").read_bytes()


def test_the_preparation_works_as_written(service: Service, municipality: Municipality) -> None:
    del municipality
    lines = [line for line in GUIDE.read_text().splitlines() if line.startswith("eakte ")]
    assert len(lines) == 2
    for line in lines:
        done = service.command(*shlex.split(line)[1:])
    with service.client(done.stdout.strip()) as machine:
        assert machine.get("/api/v1/dossiers").status_code == 200
