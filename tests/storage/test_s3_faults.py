"""A server that lies, stammers or is away: found, asked again or reported, and no wrong byte is handed out as right."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from storage.blobs import BLOCK_SIZE
from storage.errors import BlobConflict, BlobDamaged, BlobMissing, StorageError, StorageFull, StorageUnavailable
from storage.s3 import S3BlobStore
from storage.s3_upload import PART_SIZE
from storage.s3_words import Patience, S3Location
from storage.verified import read_verified
from tests.storage.contract import NAME, collect, content_of, digests_of
from tests.storage.lying_server import Lies, Truth, lying_proxy
from tests.storage.s3_support import S3Raw, fresh_location, new_store

HASTY = Patience(connect=0.5, answer=0.5, completion=5.0, attempts=2)
CONTENT = content_of(BLOCK_SIZE + 1000)
LARGE = content_of(2 * PART_SIZE + 1000)


@pytest.fixture
def location(minio: str) -> S3Location:
    return fresh_location(minio)


@pytest.fixture
def raw(location: S3Location) -> S3Raw:
    new_store(location).check()
    return S3Raw(location)


@pytest.fixture
def lied_to(location: S3Location, raw: S3Raw) -> Iterator[tuple[S3BlobStore, Lies]]:
    """A store behind the proxy, proven while it tells the truth."""
    assert raw.names() == set()
    with lying_proxy(location.host) as (address, lies):
        store = S3BlobStore(dataclasses.replace(location, host=address), patience=HASTY)
        store.check()
        yield store, lies
        store.close()


def on(*methods: str, having: str = "") -> Callable[[str, str], bool]:
    return lambda method, path: method in methods and having in path


def error(status: int, code: str = "", **headers: str) -> Callable[[Truth], Truth]:
    body = f"<Error><Code>{code}</Code><Message>told</Message></Error>".encode() if code else b"<html>gateway</html>"
    kind = "application/xml" if code else "text/html"
    told = [("Content-Length", str(len(body))), ("Content-Type", kind), *headers.items()]
    return lambda _truth: Truth(status, told, body)


def header(name: str, value: str) -> Callable[[Truth], Truth]:
    def tell(truth: Truth) -> Truth:
        kept = [(each, said) for each, said in truth.headers if each.lower() != name.lower()]
        return Truth(truth.status, [*kept, (name, value)], truth.body)

    return tell


def flipped(truth: Truth) -> Truth:
    return Truth(truth.status, truth.headers, truth.body[:-1] + bytes([truth.body[-1] ^ 1]))


def shortened(truth: Truth) -> Truth:
    """A body that is too short, announced as if that were right."""
    short = truth.body[:1000]
    kept = [(name, value) for name, value in truth.headers if name.lower() != "content-length"]
    return Truth(truth.status, [*kept, ("Content-Length", str(len(short)))], short)


# ------------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"bytes_sent": 1_000_000}, id="cut off in the body"),
        pytest.param({"bytes_sent": 0}, id="cut off before the body"),
        pytest.param({"tell": lambda _truth: None}, id="cut off before the answer"),
        pytest.param({"tell": shortened}, id="short with a length that fits"),
        pytest.param({"tell": error(500)}, id="500 from a gateway"),
        pytest.param({"tell": error(503, "SlowDown", **{"Retry-After": "3600"})}, id="503 with an hour's pause"),
        pytest.param({"tell": header("Content-Range", "bytes 5-4195303/4195304")}, id="another range"),
        pytest.param({"hang": True}, id="silence"),
        pytest.param({"drip": True}, id="byte by byte"),
    ],
)
def test_a_broken_answer_is_asked_for_again(
    lied_to: tuple[S3BlobStore, Lies], raw: S3Raw, lie: dict[str, object]
) -> None:
    store, lies = lied_to
    raw.write(NAME, CONTENT)
    lies.applies, lies.times = on("GET", having=NAME), 1
    for name, value in lie.items():
        setattr(lies, name, value)
    assert b"".join(read_verified(store, NAME, digests_of(CONTENT))) == CONTENT
    assert lies.told == 1


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"bytes_sent": 0}, id="cut off"),
        pytest.param({"tell": error(503, "SlowDown")}, id="503"),
        pytest.param({"tell": error(403, "AccessDenied")}, id="403"),
        pytest.param({"tell": error(404)}, id="404 of a gateway"),
        pytest.param({"tell": error(404, "NoSuchBucket")}, id="no bucket"),
        pytest.param({"tell": error(307, Location="http://127.0.0.1:1/elsewhere")}, id="redirect"),
        pytest.param({"tell": header("Content-Range", "bytes 5-9/10")}, id="another range"),
        pytest.param({"hang": True}, id="silence"),
    ],
)
def test_what_stays_broken_is_unavailable_and_not_missing(
    lied_to: tuple[S3BlobStore, Lies], raw: S3Raw, lie: dict[str, object]
) -> None:
    store, lies = lied_to
    raw.write(NAME, CONTENT)
    lies.applies = on("GET", having=NAME)
    for name, value in lie.items():
        setattr(lies, name, value)
    with pytest.raises(StorageUnavailable):
        list(read_verified(store, NAME, digests_of(CONTENT)))
    assert 1 <= lies.told <= HASTY.attempts**2


def test_a_write_denied_while_a_folder_goes_is_asked_again_and_a_meant_refusal_is_told(
    lied_to: tuple[S3BlobStore, Lies],
) -> None:
    store, lies = lied_to
    lies.applies, lies.tell, lies.times = on("PUT", having=NAME), error(403, "AccessDenied"), 2
    assert store.put(NAME, [CONTENT]) == digests_of(CONTENT)
    assert lies.told == lies.times
    lies.times = 100
    with pytest.raises(StorageUnavailable, match="AccessDenied"):
        store.put(NAME, [CONTENT])


def test_wrong_bytes_are_damage_and_not_handed_out(lied_to: tuple[S3BlobStore, Lies], raw: S3Raw) -> None:
    store, lies = lied_to
    raw.write(NAME, CONTENT)
    lies.applies, lies.tell = on("GET", having=NAME), flipped
    received = bytearray()
    with pytest.raises(BlobDamaged):
        collect(received, read_verified(store, NAME, digests_of(CONTENT)))
    assert received == CONTENT[:BLOCK_SIZE]


def test_a_blob_replaced_between_two_halves_is_not_joined(lied_to: tuple[S3BlobStore, Lies], raw: S3Raw) -> None:
    store, lies = lied_to
    raw.write(NAME, CONTENT)
    lies.applies, lies.times, lies.bytes_sent = on("GET", having=NAME), 1, 3 * 2**20
    reading = store.read(NAME)
    next(reading)
    raw.write(NAME, content_of(len(CONTENT), b"b"))
    with pytest.raises(StorageUnavailable):
        list(reading)


@pytest.mark.parametrize("tell", [header("Content-Length", "5"), header("Last-Modified", ""), error(404), error(500)])
def test_a_wrong_word_about_a_blob_is_no_blob(
    lied_to: tuple[S3BlobStore, Lies], raw: S3Raw, tell: Callable[[Truth], Truth]
) -> None:
    store, lies = lied_to
    raw.write(NAME, CONTENT)
    lies.applies, lies.tell = on("HEAD"), tell
    with pytest.raises((StorageUnavailable, BlobDamaged)):
        list(read_verified(store, NAME, digests_of(CONTENT)))


@pytest.mark.parametrize(
    "change", [(b"<IsTruncated>false", b"<IsTruncated>true"), (b"b</Key>", b"0</Key>"), (b"</", b"<")]
)
def test_a_listing_that_cannot_be_is_reported(lied_to: tuple[S3BlobStore, Lies], change: tuple[bytes, bytes]) -> None:
    store, lies = lied_to
    for name in ("a", "b"):
        store.put(name, [b"x"])

    def tell(truth: Truth) -> Truth:
        body = truth.body.replace(*change)
        kept = [(name, value) for name, value in truth.headers if name.lower() != "content-length"]
        return Truth(truth.status, [*kept, ("Content-Length", str(len(body)))], body)

    lies.applies, lies.tell = on("GET", having="list-type=2"), tell
    with pytest.raises(StorageUnavailable):
        list(store.names())


# ------------------------------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["at once", "in parts"])
@pytest.mark.parametrize(
    ("applies", "tell"),
    [
        pytest.param(on("PUT"), None, id="cut off, though it was written"),
        pytest.param(on("POST", having="uploadId"), None, id="cut off, though it was completed"),
        pytest.param(on("POST", having="uploads"), error(503, "SlowDown"), id="503 at the beginning"),
        pytest.param(on("PUT"), error(500, "InternalError"), id="500, though it was written"),
        pytest.param(on("HEAD"), None, id="cut off when asked whether it is there"),
    ],
)
def test_an_answer_lost_while_writing_loses_nothing(
    lied_to: tuple[S3BlobStore, Lies],
    raw: S3Raw,
    content: bytes,
    applies: Callable[[str, str], bool],
    tell: Callable[[Truth], Truth] | None,
) -> None:
    store, lies = lied_to
    lies.applies, lies.tell, lies.times = applies, tell or (lambda _truth: None), 1
    assert store.put(NAME, [content]) == digests_of(content)
    assert raw.read(NAME) == content
    lies.times = 0
    store.sweep(timedelta(hours=-1))
    assert raw.unfinished() == 0


@pytest.mark.parametrize(
    "tell",
    [
        pytest.param(header("ETag", '"00000000000000000000000000000000"'), id="wrong ETag"),
        pytest.param(header("ETag", ""), id="no ETag"),
    ],
)
def test_a_confirmation_of_other_bytes_is_looked_into(
    lied_to: tuple[S3BlobStore, Lies], raw: S3Raw, tell: Callable[[Truth], Truth]
) -> None:
    store, lies = lied_to
    lies.applies, lies.tell = on("PUT", having=NAME), tell
    with contextlib.suppress(StorageUnavailable):
        assert store.put(NAME, [CONTENT]) == digests_of(CONTENT)
    assert raw.read(NAME) == CONTENT
    lies.times = 0
    assert store.put(NAME, [CONTENT]) == digests_of(CONTENT)


def test_a_confirmation_without_a_blob_is_not_believed(lied_to: tuple[S3BlobStore, Lies], raw: S3Raw) -> None:
    store, lies = lied_to
    lies.applies, lies.before = on("PUT", having=NAME), True
    lies.tell = header("ETag", '"9e107d9d372bb6826bd81d3542a419d6"')
    with pytest.raises(StorageError):
        store.put(NAME, [CONTENT])
    assert raw.names() == set()


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["at once", "in parts"])
def test_an_error_inside_of_200_is_an_error(lied_to: tuple[S3BlobStore, Lies], raw: S3Raw, content: bytes) -> None:
    store, lies = lied_to
    lies.applies, lies.before, lies.tell = on("POST", having="uploadId"), True, error(200, "InternalError")
    if content is CONTENT:
        store.put(NAME, [content])
        return
    with pytest.raises(StorageUnavailable):
        store.put(NAME, [content])
    assert raw.names() == set()
    assert raw.unfinished() == 0


@pytest.mark.parametrize("code", ["XMinioStorageFull", "NoSpaceLeftOnDevice", "QuotaExceeded"])
def test_a_full_server_is_said_to_be_full(lied_to: tuple[S3BlobStore, Lies], code: str) -> None:
    store, lies = lied_to
    lies.applies, lies.tell = on("PUT", having=NAME), error(507, code)
    with pytest.raises(StorageFull):
        store.put(NAME, [CONTENT])


def test_a_server_that_replaces_what_is_there_is_not_used(location: S3Location) -> None:
    """It answers 200 to a write that must be refused: nothing would protect the originals."""
    with lying_proxy(location.host) as (address, lies):
        lies.applies = on("PUT", having="/check/")
        lies.tell = lambda truth: (
            Truth(200, [("ETag", '"x"'), ("Content-Length", "0")], b"") if truth.status == 412 else truth
        )
        store = S3BlobStore(dataclasses.replace(location, host=address), patience=HASTY)
        pieces = iter([b"x"])
        with pytest.raises(StorageUnavailable, match="If-None-Match"):
            store.put(NAME, pieces)
        assert list(pieces) == [b"x"]


# -------------------------------------------------------------------------------------------------------------- bucket


def test_a_server_out_of_reach_is_unavailable_everywhere() -> None:
    location = S3Location("127.0.0.1:9", "bucket", "key", "secret", tls=False)
    store = S3BlobStore(location, patience=HASTY)
    for call in (
        lambda: store.put(NAME, [b"x"]),
        lambda: list(store.read(NAME)),
        lambda: store.stat(NAME),
        lambda: store.delete(NAME),
        lambda: list(store.names()),
        lambda: store.sweep(timedelta(days=1)),
        store.check,
    ):
        with pytest.raises(StorageUnavailable) as raised:
            call()
        assert "secret" not in str(raised.value)
    assert "secret" not in repr(location)


def test_a_bucket_that_is_gone_is_unavailable_and_not_empty(location: S3Location, raw: S3Raw) -> None:
    store = new_store(location)
    store.check()
    raw.client.remove_bucket(location.bucket)
    for known in (store, new_store(location, create=False)):
        for call in (
            lambda known=known: known.put(NAME, [b"x"]),
            lambda known=known: list(known.read(NAME)),
            lambda known=known: known.stat(NAME),
            lambda known=known: list(known.names()),
        ):
            with pytest.raises(StorageUnavailable):
                call()
    assert not raw.client.bucket_exists(location.bucket)


def test_wrong_keys_are_unavailable(location: S3Location, raw: S3Raw) -> None:
    raw.write(NAME, b"x")
    store = new_store(dataclasses.replace(location, secret_key="wrong"))
    with pytest.raises(StorageUnavailable, match="AccessDenied"):
        store.stat(NAME)


@pytest.fixture(params=["minio", "versitygw"])
def any_location(request: pytest.FixtureRequest) -> S3Location:
    return fresh_location(request.getfixturevalue(request.param))


def test_a_new_bucket_has_locks_and_versions_and_delete_leaves_none(any_location: S3Location) -> None:
    store = new_store(any_location)
    store.check()
    raw = S3Raw(any_location)
    assert raw.client.get_bucket_versioning(any_location.bucket).status == "Enabled"
    store.put(NAME, [b"first"])
    raw.write(NAME, b"second")
    raw.hide(NAME)
    raw.write(NAME, b"third")
    store.put(NAME + "-beside", [b"stays"])
    store.delete(NAME)
    with pytest.raises(BlobMissing):
        store.stat(NAME)
    assert store._bucket.versions(NAME) == []
    assert raw.names() == {NAME + "-beside"}
    raw.write("hidden", b"personal data")
    raw.hide("hidden")
    store.delete("hidden")
    assert store._bucket.versions("hidden") == []


def test_of_uploads_that_meet_one_wins_on_each_server(any_location: S3Location) -> None:
    """In parts: the window between looking and writing is as long as the upload, unless the server closes it."""
    store = new_store(any_location)
    store.put(NAME, [b"first"])
    for other in (b"x", LARGE):
        with pytest.raises(BlobConflict):
            store.put(NAME, [other])
    assert S3Raw(any_location).unfinished() == 0
    assert b"".join(store.read(NAME)) == b"first"
    assert store.put("large", [LARGE]) == store.put("large", [LARGE[:5], LARGE[5:]])
