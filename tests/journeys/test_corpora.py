"""Whatever a town sends: every file of the corpora through the real service, and every rendition before a judge.

The corpora are other people's files, odd and broken ones among them. None may cost a 5xx, a stuck job or the worker;
each is found afterwards by a word of its text, or by its title and with a reason why it has no text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from eakte.operations.queueing import PROCESS
from eakte.terms import today
from tests.support.servers import Verdict, cache, verapdf
from tests.support.service import Municipality, Service, data_folder, until, upload

pytestmark = pytest.mark.journey
API = "/api/v1"
KINDS = ("scans", "pdf", "forms", "invoices", "images", "office", "mail", "barcodes")
WORD = re.compile(r"(?<!\S)[^\W\d_]{4,}(?!\S)")
MINUTES = 20  # it takes four on two quiet cores
TABLE = Path(__file__).parents[2] / ".test" / "corpora.md"


@dataclass(frozen=True)
class Outcome:
    """What became of one file: the document as the API shows it, its text, and its rendition beside it."""

    name: str
    document: dict[str, Any]
    text: str
    rendition: Path | None

    @property
    def kind(self) -> str:
        return self.name.partition("/")[0]


@pytest.fixture(scope="module")
def house() -> Iterator[Service]:
    with data_folder() as folder:
        running = Service(folder)
        running.start()
        yield running
        assert running.stop() == 0, running.log.read_text()[-3000:]


@pytest.fixture(scope="module")
def clerk(house: Service) -> Iterator[httpx2.Client]:
    with house.backends() as opened:
        town = Municipality(opened)
    with house.client(town.tokens["clerk63"]) as client:
        yield client


@pytest.fixture(scope="module")
def outcomes(
    house: Service, clerk: httpx2.Client, corpora: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Outcome]:
    """The files filed at once, worked off by the service as it comes, looked at when all of them are done."""
    worker = house.worker().pid
    filed: dict[str, str] = {}
    dossiers = []
    for kind in KINDS:
        body = {"plan_class": "632.2", "title": f"Korpus {kind}"}
        dossiers.append(clerk.post(f"{API}/dossiers", json=body).raise_for_status().json()["id"])
        for path in sorted((corpora / kind).iterdir()):
            answer = upload(clerk, {"dossier": dossiers[-1]}, path.read_bytes(), path.name)
            assert answer.status_code == 201, f"{path.name}: {answer.text}"
            filed[answer.json()["id"]] = f"{kind}/{path.name}"
    done = until(lambda: ended(clerk, dossiers, set(filed)), seconds=60 * MINUTES, what="all documents done")
    assert house.worker().pid == worker, "the worker died"
    folder = tmp_path_factory.mktemp("renditions")
    return [looked_at(clerk, name_of(document, filed), document, folder) for document in done]


def name_of(document: dict[str, Any], filed: dict[str, str]) -> str:
    """Kind and file; an attachment, which is a document of its own, has the kind of the file it came in."""
    if document["id"] in filed:
        return filed[document["id"]]
    source = filed[document["source"]]
    return f"{source.partition('/')[0]}/{document['filename']} in {source}"


def ended(clerk: httpx2.Client, dossiers: list[str], wanted: set[str]) -> list[dict[str, Any]]:
    """The documents of these dossiers once all are ready or failed, until then none."""
    rows = []
    for dossier in dossiers:
        parameters: dict[str, str | int] = {"dossier": dossier, "limit": 200}
        rows += clerk.get(f"{API}/documents", params=parameters).raise_for_status().json()["items"]
        if any(row["state"] not in {"ready", "failed"} for row in rows):
            return []
    assert wanted <= {row["id"] for row in rows}
    return rows


def looked_at(clerk: httpx2.Client, name: str, document: dict[str, Any], folder: Path) -> Outcome:
    address = f"{API}/documents/{document['id']}"
    words = clerk.get(f"{address}/text").raise_for_status().text
    rendition = None
    if document["rendition"]["state"] in {"conforming", "claimed", "raster"}:
        rendition = folder / f"{document['id']}.pdf"
        rendition.write_bytes(clerk.get(f"{address}/rendition").raise_for_status().content)
    return Outcome(name, document, words, rendition)


def telling_words(outcomes: list[Outcome]) -> dict[str, str]:
    """For each file with text a word of it that as few others as possible have."""
    words = {each.name: {word.casefold() for word in WORD.findall(each.text)} for each in outcomes}
    spread = Counter(word for found in words.values() for word in found)
    return {
        name: min(found, key=lambda word: (spread[word], -len(word), word)) for name, found in words.items() if found
    }


def test_every_file_is_found_by_its_words_or_says_why_not(outcomes: list[Outcome], clerk: httpx2.Client) -> None:
    telling = telling_words(outcomes)
    lost, silent = [], []
    for each in outcomes:
        document = each.document
        asked = telling.get(each.name) or document["title"]
        answer = clerk.get(f"{API}/search", params={"q": asked, "limit": 200})
        assert answer.status_code == 200, answer.text
        if document["id"] not in {hit["document"]["id"] for hit in answer.json()["hits"]}:
            lost.append(f"{each.name}: not found by {asked}")
        states = document["state"], document["text"], document["rendition"]
        if states[0] == "failed" and not document["state_reason"]:
            silent.append(f"{each.name}: failed")
        if states[1]["state"] == "none" and not states[1]["reason"]:
            silent.append(f"{each.name}: text")
        if states[2]["state"] in {"none", "raster", "claimed"} and not states[2]["reason"]:
            silent.append(f"{each.name}: rendition")
    assert (lost, silent) == ([], [])


def test_no_job_is_left_over(outcomes: list[Outcome], house: Service) -> None:
    assert outcomes
    with house.backends() as opened, opened.transactions.read() as session:
        left = session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = :task"), {"task": PROCESS}
        ).all()
    assert left == []


def test_what_we_call_conforming_is_so_for_another_judge(outcomes: list[Outcome]) -> None:
    """`claimed` is what the file says of itself and is not promised; all else that is called PDF/A must be."""
    made = {each.rendition: each for each in outcomes if each.rendition is not None}
    verdicts = verapdf(made)
    wrong = []
    for path, verdict in verdicts.items():
        promised = made[path].document["rendition"]
        if promised["state"] != "claimed" and not (
            verdict.conforming and verdict.flavour.startswith(f"PDF/A-{promised['flavour'].upper()} ")
        ):
            wrong.append(f"{made[path].name}: {promised}, {verdict}")
    write_table(outcomes, verdicts)
    assert wrong == []
    scans = [each for each in outcomes if each.name.startswith("scans/") and each.name.endswith(".pdf")]
    assert {each.document["rendition"]["state"] for each in scans} == {"conforming"}


def write_table(outcomes: list[Outcome], verdicts: dict[Path, Verdict]) -> None:
    """The table of docs/pdfa.md: what became of each kind, and how much of it veraPDF calls PDF/A."""
    version = (cache() / "versions" / "verapdf").read_text().strip()
    lines = [
        f"{today():%Y-%m-%d}, veraPDF {version}, pikepdf {metadata.version('pikepdf')}",
        "",
        "| kind | text | rendition | files | PDF/A by veraPDF |",
        "|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str, str], list[Outcome]] = defaultdict(list)
    for each in outcomes:
        groups[each.kind, each.document["text"]["state"], each.document["rendition"]["state"]].append(each)
    for (kind, words, rendition), members in sorted(groups.items()):
        judged = [verdicts[each.rendition].conforming for each in members if each.rendition is not None]
        proven = f"{sum(judged)} of {len(judged)}" if judged else ""
        lines.append(f"| {kind} | {words} | {rendition} | {len(members)} | {proven} |")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n")
