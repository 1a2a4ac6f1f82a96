"""OpenSearch full, broken, half there or used by many at once: an error or the truth, never an empty answer."""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexing.opensearch import Address, OpenSearchIndex, questions
from indexing.opensearch.layout import Names, fill_alias
from indexing.search import MAX_NUMBER, Condition, Query, Rights
from indexing.search_errors import IndexAbsent, IndexOutdated, SearchUnavailable
from tests.indexing.search.samples import EVERYONE, build, document, found, number
from tests.indexing.search.servers import address_on


@pytest.fixture
def address(opensearch: str) -> Address:
    return address_on(opensearch, uuid.uuid4().hex)


@pytest.fixture
def index(address: Address) -> Iterator[OpenSearchIndex]:
    index = OpenSearchIndex(address)
    build(index, [document(1, "Gebühr")])
    yield index
    index.close()


@pytest.fixture
def server(address: Address) -> Iterator[OpenSearch]:
    """The server as an operator sees it."""
    client = OpenSearch(hosts=[{"host": address.host, "port": address.port}])
    yield client
    client.close()


def test_no_index_is_not_an_empty_answer(address: Address) -> None:
    index = OpenSearchIndex(address)
    assert index.check() is Condition.ABSENT
    assert index.generation() is None
    for ask in (lambda: found(index, "Gebühr"), index.count, lambda: index.put([document(1, "x")])):
        with pytest.raises(IndexAbsent):
            ask()
    rebuild = index.start_rebuild()
    index.put([document(1, "Gebühr")])
    with pytest.raises(IndexAbsent):
        found(index, "Gebühr")
    index.finish_rebuild(rebuild)
    assert found(index, "Gebühr") == [number(1)]


def test_an_index_of_another_version_asks_for_a_rebuild_and_is_dropped_by_it(
    index: OpenSearchIndex, server: OpenSearch, address: Address
) -> None:
    names = Names(address.prefix)
    old = index.generation()
    moved = [
        {"remove": {"index": old, "alias": names.serving}},
        {"add": {"index": old, "alias": f"{address.prefix}-s0a1"}},
    ]
    server.indices.update_aliases(body={"actions": moved})
    assert index.check() is Condition.OUTDATED
    with pytest.raises(IndexOutdated):
        found(index, "Gebühr")
    build(index, [document(2, "Gebühr")])
    assert found(index, "Gebühr") == [number(2)]
    assert list(server.indices.get_alias(index=names.all_generations)) == [index.generation()]


def test_a_changed_mapping_is_damage(index: OpenSearchIndex, server: OpenSearch) -> None:
    server.indices.put_mapping(index=index.generation(), body={"properties": {"foreign": {"type": "keyword"}}})
    assert index.check() is Condition.DAMAGED
    server.indices.put_mapping(index=index.generation(), body={"_meta": {"layout": 0}})
    assert index.check() is Condition.OUTDATED


def test_a_closed_index_is_unavailable(index: OpenSearchIndex, server: OpenSearch) -> None:
    server.indices.close(index=index.generation())
    with pytest.raises(SearchUnavailable):
        found(index, "Gebühr")


def test_a_full_disk_refuses_puts_and_goes_on_answering(index: OpenSearchIndex, server: OpenSearch) -> None:
    """As the flood stage of the disk's watermark, but with a block that the server does not lift by itself."""
    full = {"index.blocks.write": True}
    server.indices.put_settings(index=index.generation(), body=full)
    with pytest.raises(SearchUnavailable):
        index.put([document(2, "Gebühr")])
    assert found(index, "Gebühr") == [number(1)]
    server.indices.put_settings(index=index.generation(), body=dict.fromkeys(full))
    index.put([document(2, "Gebühr")])
    assert set(found(index, "Gebühr")) == {number(1), number(2)}


def test_a_removed_document_comes_back_with_any_revision(index: OpenSearchIndex) -> None:
    index.put([document(1, "Gebühr", revision=9)])
    rebuild = index.start_rebuild()
    for revision in (9, 3, 1):
        index.remove([number(1)])
        assert found(index, "Gebühr") == []
        index.fill(rebuild, [document(1, "Gebühr", revision=2)])
        index.put([document(1, "Gebühr", revision=revision)])
        assert index.revisions(None, 5) == [(number(1), revision)]
    index.finish_rebuild(rebuild)
    assert index.revisions(None, 5) == [(number(1), 1)]


def test_many_processes_put_the_same_document_and_the_last_revision_wins(
    index: OpenSearchIndex, address: Address
) -> None:
    rebuild = index.start_rebuild()

    def work(worker: int) -> None:
        own = OpenSearchIndex(address)
        for step in range(10):
            own.put([document(7, f"stand {step * 4 + worker}", revision=1 + step * 4 + worker)])
            own.fill(rebuild, [document(7, "alt", revision=1 + step)])
        own.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    for _ in range(2):
        assert (number(7), 40) in index.revisions(None, 5)
        assert found(index, "39") == [number(7)]
        if index.rebuilding():
            index.finish_rebuild(rebuild)


def test_puts_while_generations_change_are_in_the_last_one(index: OpenSearchIndex, address: Address) -> None:
    ended = threading.Event()

    def rebuilds() -> None:
        own = OpenSearchIndex(address)
        while not ended.is_set():
            build(own, [document(1, "Gebühr")])
        own.close()

    with ThreadPoolExecutor(1) as threads:
        rebuilding = threads.submit(rebuilds)
        for n in range(2, 12):
            # Until the next rebuild, whose fill does not know it, a document must be there.
            index.put([document(1, "Gebühr", revision=n)])
            assert found(index, "Gebühr") == [number(1)]
        ended.set()
        rebuilding.result()
    assert index.check(thorough=True) is Condition.READY


def test_a_write_never_makes_an_index(index: OpenSearchIndex, server: OpenSearch, address: Address) -> None:
    rebuild = index.start_rebuild()
    server.indices.delete(index=index.generation())
    server.indices.delete(index=rebuild)
    with pytest.raises(IndexAbsent):
        index.put([document(2, "Gebühr")])
    names = Names(address.prefix)
    for name in (names.serving, names.building, rebuild, fill_alias(rebuild)):
        assert not server.indices.exists(index=name)


def test_rights_that_cannot_be_said_are_an_error(index: OpenSearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that fails to be built must never be left out: here the limit of the field is moved under the rights."""
    with pytest.raises(ValueError, match="scopes"):
        Rights(frozenset({MAX_NUMBER + 1}))
    monkeypatch.setattr(questions, "MAX_NUMBER", 5)
    for rights in (Rights(frozenset({1, 6})), Rights(frozenset({1}), excepted=frozenset({6}))):
        with pytest.raises(ValueError, match="not between"):
            found(index, "Gebühr", rights)


@pytest.mark.parametrize("many", [questions.FEW_NUMBERS, questions.FEW_NUMBERS + 1])
def test_lists_and_bitmaps_of_rights_mean_the_same(index: OpenSearchIndex, many: int) -> None:
    top = MAX_NUMBER
    index.put([document(n, "Satzung", scope=9, dossier=dossier) for n, dossier in ((2, top), (3, top - many), (4, 2))])
    shared = frozenset(range(top - many + 1, top + 1))
    assert found(index, "Satzung", Rights(dossiers=shared)) == [number(2)]
    assert set(found(index, "Satzung", Rights(frozenset({9}), excepted=shared))) == {number(3), number(4)}


def test_a_very_long_question_is_answered(index: OpenSearchIndex) -> None:
    text = " ".join(f"Grundstücksentwässerungsanlagen{n}verordnung" for n in range(40)) + " Gebühr"
    index.put([document(2, text)])
    answer = index.query(Query(text[:3_900]), content=EVERYONE, metadata=Rights(frozenset({1, 2})))
    assert answer.hits[0].document == number(2)


# ------------------------------------------------------------------------------------------------- a server that fails


@contextmanager
def answering(status: int, body: dict[str, Any]) -> Iterator[OpenSearchIndex]:
    """An index on a server that says the same to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = do_HEAD = do_POST  # noqa: N815 - names of the library

        def log_message(self, *_arguments: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        index = OpenSearchIndex(Address("127.0.0.1", server.server_port, "eakte", tls=False))
        try:
            yield index
        finally:
            index.close()
            server.shutdown()
            thread.join()


_EMPTY = {"hits": {"total": {"value": 0}, "hits": []}, "aggregations": {}}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {**_EMPTY, "timed_out": False, "_shards": {"total": 1, "successful": 0, "failed": 1}}),
        (200, {**_EMPTY, "timed_out": True, "_shards": {"total": 1, "successful": 1, "failed": 0}}),
        (401, {"error": {"type": "security_exception", "reason": "no"}, "status": 401}),
        (429, {"error": {"type": "circuit_breaking_exception", "reason": "full"}, "status": 429}),
        (503, {"error": {"type": "cluster_block_exception", "reason": "red"}, "status": 503}),
    ],
    ids=["a shard failed", "cut off by time", "sign-in refused", "no memory", "no data"],
)
def test_half_an_answer_or_none_is_an_error(status: int, body: dict[str, Any]) -> None:
    with answering(status, body) as index:
        for ask in (lambda: found(index, "Gebühr"), index.count, lambda: index.revisions(None, 5)):
            with pytest.raises(SearchUnavailable):
                ask()


def test_an_answer_to_something_else_is_an_error() -> None:
    with answering(200, {}) as index, pytest.raises(SearchUnavailable):
        found(index, "Gebühr")


def test_a_server_that_is_not_there_is_unavailable_and_the_password_is_never_said() -> None:
    index = OpenSearchIndex(Address("127.0.0.1", 1, "eakte", tls=False, user="eakte", password="streng-geheim"))
    with pytest.raises(SearchUnavailable) as raised:
        index.check()
    assert "streng-geheim" not in f"{raised.value!r} {raised.value.__cause__!r} {index._connection.client!r}"
    assert "streng-geheim" not in repr(Address("h", 1, "eakte", user="eakte", password="streng-geheim"))
    index.close()
