"""ClamAV over its own protocol: a real daemon finds and passes; a slow, dying or lying one lets nothing pass."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexing.clamav import Clamd, Infected, NotScanned, ScanFailed
from tests.support.clamd import EICAR, STREAM_LIMIT

Speech = Callable[[socket.socket], None]


def passed(daemon: Clamd, *chunks: bytes) -> bytes:
    return b"".join(daemon.passing(chunks))


@contextmanager
def speaking(speech: Speech) -> Iterator[Clamd]:
    """A daemon that speaks as the test wants, for one scan; with little patience on our side."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _address = server.accept()
            with line:
                speech(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Clamd(f"tcp://127.0.0.1:{server.getsockname()[1]}", seconds=1.0)
        thread.join(30)
        assert not thread.is_alive()


def hear_all(line: socket.socket) -> None:
    """Take a stream to its end: four zero bytes."""
    heard = b""
    while not heard.endswith(b"\0\0\0\0"):
        piece = line.recv(1 << 16)
        if not piece:
            return
        heard = (heard + piece)[-64:]


def saying(answer: bytes) -> Speech:
    def speech(line: socket.socket) -> None:
        hear_all(line)
        line.sendall(answer)

    return speech


class TestARealDaemon:
    def test_clean_bytes_pass_unchanged(self, clamd: str) -> None:
        chunks = (b"Sehr geehrte", b"", b" Damen", bytes(STREAM_LIMIT // 4))
        assert passed(Clamd(clamd), *chunks) == b"".join(chunks)
        assert passed(Clamd(clamd)) == b""

    @pytest.mark.parametrize("cut", [0, 1, 40, len(EICAR)])
    def test_the_test_virus_is_found_however_it_is_cut(self, clamd: str, cut: int) -> None:
        with pytest.raises(Infected) as caught:
            passed(Clamd(clamd), EICAR[:cut], EICAR[cut:])
        assert "Eicar-Test-Signature" in caught.value.signature

    def test_what_it_does_not_look_at_is_not_clean(self, clamd: str) -> None:
        with pytest.raises(NotScanned):  # longer than it takes: it hangs up in the middle
            passed(Clamd(clamd), *[bytes(1 << 16)] * (4 * STREAM_LIMIT >> 16))
        with pytest.raises(NotScanned):  # it takes it, but looks at shorter files only
            passed(Clamd(clamd), bytes(STREAM_LIMIT - 1000))

    def test_it_proves_that_it_finds_something(self, clamd: str) -> None:
        Clamd(clamd).prove()
        assert Clamd(clamd).version().startswith("ClamAV ")


class TestABadDaemon:
    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"stream: OK",  # cut off before its end
            b"stream: ok\0",
            b"OK\0",
            b"stream: OK FOUND ERROR\0",
            b"INSTREAM: Can't allocate memory ERROR\0",
            b"\xff\xfe\0",
            b"x" * 100_000,
        ],
    )
    def test_only_the_one_answer_is_clean(self, answer: bytes) -> None:
        with speaking(saying(answer)) as daemon, pytest.raises(ScanFailed) as caught:
            passed(daemon, b"Brief")
        assert type(caught.value) is ScanFailed

    def test_the_one_answer_is_clean(self) -> None:
        with speaking(saying(b"stream: OK\0")) as daemon:
            assert passed(daemon, b"Brief") == b"Brief"

    def test_a_daemon_that_always_says_clean_is_found_out(self) -> None:
        with speaking(saying(b"stream: OK\0")) as daemon, pytest.raises(ScanFailed):
            daemon.prove()

    def test_silence_ends(self) -> None:
        def silent(line: socket.socket) -> None:
            hear_all(line)
            line.recv(1)  # until we hang up

        with speaking(silent) as daemon, pytest.raises(ScanFailed):
            passed(daemon, b"Brief")

    def test_an_answer_in_drops_ends(self) -> None:
        def dripping(line: socket.socket) -> None:
            hear_all(line)
            line.settimeout(0.2)
            try:
                while True:
                    line.sendall(b"s")
                    try:
                        if not line.recv(1):
                            return
                    except TimeoutError:
                        continue
            except OSError:
                return

        with speaking(dripping) as daemon, pytest.raises(ScanFailed):
            passed(daemon, b"Brief")

    def test_one_that_takes_nothing_ends(self) -> None:
        stop = threading.Event()
        with speaking(lambda _line: assert_true(stop.wait(30))) as daemon:
            with pytest.raises(ScanFailed):
                passed(daemon, *[bytes(1 << 20)] * 64)
            stop.set()

    def test_one_that_dies_in_the_middle_ends(self) -> None:
        with speaking(lambda line: assert_true(line.recv(10))) as daemon, pytest.raises(ScanFailed):
            passed(daemon, *[bytes(1 << 20)] * 64)

    def test_nobody_there_and_addresses_of_another_form(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        for url in (f"tcp://127.0.0.1:{port}", f"unix://{tmp_path}/clamd.sock"):
            with pytest.raises(ScanFailed):
                passed(Clamd(url), b"Brief")
        for url in ("", "tcp://", "tcp://localhost", "unix://", "unix://host/path", "http://localhost:3310", "clamd"):
            with pytest.raises(ValueError, match="neither"):
                Clamd(url)

    def test_the_senders_own_error_passes_through(self, clamd: str) -> None:
        def breaking() -> Iterator[bytes]:
            yield b"x"
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            list(Clamd(clamd).passing(breaking()))


def assert_true(value: object) -> None:
    assert value
