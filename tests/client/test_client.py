"""The client against a server that loses answers: what is repeated, what is not, and that nothing is told elsewhere."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from eakte.client import Client, EakteProblem, File, said, shapes
from tests.api.world import World

LOST = (0, b"")
"""An answer that never comes: the request was taken, then the connection ended."""


class Handler(BaseHTTPRequestHandler):
    """Takes what it is told to answer from a list, and keeps what it was asked."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[list[tuple[int, bytes]]]
    asked: ClassVar[list[tuple[str, str, dict[str, str], int]]]

    def _any(self) -> None:
        size = 0
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while length := int(self.rfile.readline(), 16):
                size += len(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
        left = int(self.headers.get("Content-Length", "0"))
        while left:
            piece = self.rfile.read(min(left, 1 << 16))
            left, size = left - len(piece), size + len(piece)
        self.asked.append((self.command, self.path, dict(self.headers.items()), size))
        status, body = self.answers.pop(0)
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status in {429, 503}:
            self.send_header("Retry-After", "5")
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name: str) -> Any:
        """The base class asks for `do_GET` and its like."""
        if name.startswith("do_"):
            return self._any
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


class Stand:
    """A client and the server that it speaks to; `waited` are the seconds that it would have slept."""

    def __init__(self) -> None:
        kind: type[Handler] = type("Kept", (Handler,), {"answers": [], "asked": []})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        self.answers: list[tuple[int, bytes]] = kind.answers
        self.asked: list[tuple[str, str, dict[str, str], int]] = kind.asked
        self.waited: list[float] = []
        self.client = Client(
            f"http://127.0.0.1:{self.server.server_address[1]}", "geheim", pauses=(1, 2), sleep=self.waited.append
        )

    def will(self, *answers: tuple[int, object]) -> None:
        self.answers[:] = [
            (status, body if isinstance(body, bytes) else json.dumps(body).encode()) for status, body in answers
        ]

    def keys_sent(self) -> list[str | None]:
        return [headers.get("Idempotency-Key") for _method, _path, headers, _size in self.asked]


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.client.close()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_lost_answer_to_a_making_is_asked_for_under_the_same_key(stand: Stand) -> None:
    stand.will(LOST, (503, {}), (201, {"id": "1"}))
    assert stand.client.dossiers.create("632.2", "Weg 1")["id"] == "1"
    assert len(set(stand.keys_sent())) == 1
    assert None not in stand.keys_sent()
    assert stand.waited == [1, 5]
    stand.will((201, {"id": "2"}))
    stand.client.dossiers.create("632.2", "Weg 1")
    assert len(set(stand.keys_sent())) == 2


def test_an_upload_is_repeated_from_its_start(stand: Stand, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x" * 300_000)
    stand.will(LOST, (201, {"id": "1"}))
    stand.client.documents.file(tmp_path / "a.bin", dossier="d")
    assert stand.asked[0][3] == stand.asked[1][3] > 300_000


@pytest.mark.parametrize("answer", [LOST, (503, {"title": "Später"})])
def test_what_might_be_done_twice_is_not_repeated(stand: Stand, answer: tuple[int, object]) -> None:
    for act in (
        lambda: stand.client.dossiers.close("1"),
        lambda: stand.client.documents.change("1", revision=3, title="x"),
        lambda: stand.client.dossiers.put({"system": "a", "id": "b"}, "1", "x", revision=4),
    ):
        stand.will(answer, (200, {}))
        with pytest.raises(EakteProblem) as caught:
            act()
        assert caught.value.kind == ("unreachable" if answer is LOST else "http-503")
        assert len(stand.answers) == 1
    assert stand.waited == []
    assert stand.keys_sent() == [None] * 3


def test_too_many_requests_is_waited_for_by_all(stand: Stand) -> None:
    stand.will((429, {}), (200, {"state": "closed"}))
    assert stand.client.dossiers.close("1")["state"] == "closed"
    assert stand.waited == [5]


def test_it_gives_up_in_the_words_of_the_service(stand: Stand) -> None:
    body = {
        "type": "urn:eakte:problem:invalid-input", "title": "Einige Angaben passen nicht.", "status": 422,
        "instance": "urn:uuid:1", "errors": [{"at": "documents[2].sender", "message": "Absender ist zu lang."}],
    }  # fmt: skip
    stand.will((422, body))
    with pytest.raises(EakteProblem, match=r"documents\[2\]\.sender: Absender ist zu lang") as caught:
        stand.client.procedure({"id": "1"})
    assert (caught.value.kind, caught.value.status, caught.value.instance) == ("invalid-input", 422, "urn:uuid:1")
    stand.will(LOST, LOST, LOST)
    with pytest.raises(EakteProblem, match="nicht erreichbar"):
        stand.client.dossiers.get("1")
    assert stand.waited == [1, 2]
    stand.will((502, b"<html>"))
    with pytest.raises(EakteProblem, match="502"):
        stand.client.dossiers.get("1")


def test_lists_are_followed_page_by_page_and_nowhere_else(stand: Stand) -> None:
    stand.will((200, {"items": [1], "next": "/api/v1/dossiers?after=x"}), (200, {"items": [2]}))
    listed: Iterator[Any] = stand.client.dossiers.list(unit="63")
    assert next(listed) == 1
    assert len(stand.asked) == 1
    assert list(listed) == [2]
    assert [path for _method, path, _headers, _size in stand.asked] == [
        "/api/v1/dossiers?unit=63", "/api/v1/dossiers?after=x",
    ]  # fmt: skip
    for elsewhere in ("https://example.org/x", "//example.org/x"):
        stand.will((200, {"items": [], "next": elsewhere}), (200, {"items": []}))
        with pytest.raises(EakteProblem):
            list(stand.client.dossiers.list())
        assert len(stand.answers) == 1


def test_a_download_is_whole_or_not_there(stand: Stand, tmp_path: Path) -> None:
    stand.will(LOST, LOST, LOST)
    with pytest.raises(EakteProblem):
        stand.client.documents.content("1", tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []
    stand.will(LOST, (200, b"%PDF"))
    assert stand.client.documents.content("1", tmp_path / "a.pdf").read_bytes() == b"%PDF"
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_files_pass_in_constant_memory(stand: Stand, tmp_path: Path) -> None:
    big, size = tmp_path / "big.bin", 64 * 2**20
    with big.open("wb") as file:
        file.truncate(size)
    stand.will((201, {}), (201, {}))
    tracemalloc.start()
    try:
        stand.client.documents.file(big, dossier="d")
        with big.open("rb") as opened:
            stand.client.documents.file(File(opened, "big.bin"), dossier="d")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [taken > size for _method, _path, _headers, taken in stand.asked] == [True, True]
    assert peak < size / 8


NAMES = {
    "Retention": "RetentionShape", "Loan": "LoanShape", "Dossier": "DossierShape", "Case": "CaseShape",
    "Rendition": "RenditionShape", "Text": "TextShape", "Progress": "ProgressShape", "CheckOut": "CheckOutShape",
    "Final": "FinalShape", "Cancelled": "CancelledShape", "Document": "DocumentShape", "Version": "VersionShape",
    "Party": "PartyShape", "Word": "WordShape", "Words": "WordsShape", "WordFrame": "WordFrameShape",
    "Former": "FormerShape",
    "Happened": "HistoryShape", "Made": "MadeShape", "Filed": "ProcedureShape", "Signature": "SignatureShape",
    "Touched": "TouchedShape", "Passage": "PassageShape", "Hit": "HitShape", "Facet": "FacetShape", "Done": "DoneShape",
    "Resubmission": "ResubmissionShape", "PlanValue": "Value", "PlanClass": "PlanClassShape",
    "Template": "TemplateShape",
    "DossierSaid": "DossierRequest", "DossierChange": "DossierChange", "DossierKeyed": "DossierSaid",
    "CaseChange": "CaseChange", "PartySaid": "PartySaid", "PartyChange": "PartyChange",
    "DocumentChange": "DocumentChange", "Reminder": "ReminderSaid",
}  # fmt: skip
"""A type of the client and what the OpenAPI calls it, where the names differ or the type is one of requests."""
POSITIONAL = {"DossierSaid": {"plan_class", "title"}, "DossierKeyed": {"plan_class", "title"}}
IN_METADATA = {"DocumentSaid", "DossierPart", "CasePart"}
"""Parts of the metadata of an upload, which stand in the OpenAPI as text."""


def test_the_types_are_those_of_the_service(world: World) -> None:
    schemas = world.app.openapi()["components"]["schemas"]
    kinds = {name: kind for name, kind in {**vars(shapes), **vars(said)}.items() if hasattr(kind, "__required_keys__")}
    assert len(kinds) > 40
    for name, kind in kinds.items():
        if name in IN_METADATA:
            continue
        known = set(schemas[NAMES.get(name, name)]["properties"])
        assert set(kind.__annotations__) == known - POSITIONAL.get(name, set()), name
    body = world.app.openapi()["paths"]["/api/v1/procedures"]["post"]["requestBody"]["content"]
    metadata = json.loads(body["multipart/form-data"]["schema"]["properties"]["metadata"]["description"])["$defs"]
    for name in ("DossierPart", "CasePart"):
        assert set(kinds[name].__annotations__) == set(metadata[name]["properties"])
    assert set(kinds["DocumentSaid"].__annotations__) == set(metadata["DocumentPart"]["properties"]) - {"file"}
