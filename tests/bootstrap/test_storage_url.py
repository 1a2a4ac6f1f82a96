"""`EAKTE_STORAGE_URL`: what it means, what is refused in which words, and that its secret is said nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eakte.bootstrap import open_blobs, s3_location
from eakte.errors import SetupFailed
from eakte.settings import Settings
from storage.errors import StorageUnavailable
from storage.s3_words import S3Location

SECRET = "Geh/eim+1:2@3"
WRITTEN = "Geh%2Feim+1%3A2%403"


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)


def test_a_url_names_everything() -> None:
    found = s3_location(f"s3://key:{WRITTEN}@s3.stadt.example:9000/akten?region=eu-central-1&tls=off")
    assert found == S3Location("s3.stadt.example:9000", "akten", "key", SECRET, "eu-central-1", tls=False)


@pytest.mark.parametrize(
    ("host", "tls"),
    [("s3.stadt.example", True), ("10.0.0.5:9000", True), ("127.0.0.1:9000", False), ("[::1]:9", False)],
)
def test_tls_is_on_but_for_this_machine(host: str, tls: bool) -> None:
    found = s3_location(f"s3://key:secret@{host}/akten")
    assert (found.host, found.tls, found.region) == (host, tls, "us-east-1")


def test_keys_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    found = s3_location("s3://s3.stadt.example/akten")
    assert (found.access_key, found.secret_key) == ("key", SECRET)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://key:secret@host", "Bucket"),
        ("s3://key:secret@host/", "Bucket"),
        ("s3://key:secret@host/Akten", "Bucket"),
        ("s3://key:secret@host/akten/mehr", "Bucket"),
        ("s3:///akten", "Server"),
        ("s3://host/akten", "Schlüssel fehlen"),
        ("s3://key@host/akten", "Schlüssel fehlen"),
        ("s3://key:secret@host/akten?zone=1", "zone ist unbekannt"),
        ("s3://key:secret@host/akten?tls=ja", "tls ist on oder off"),
        ("s3://key:secret@host:port/akten", "nicht lesbar"),
        ("s3://key:sec/ret@host/akten", "nicht lesbar"),
        ("ftp://host/akten", "möglich sind"),
    ],
)
def test_a_wrong_url_is_refused_in_words_without_its_secret(url: str, words: str) -> None:
    with pytest.raises(SetupFailed, match=words) as raised:
        open_blobs(Settings(storage_url=url), fresh=True)
    assert "sec" not in str(raised.value)
    assert "EAKTE_STORAGE_URL" in str(raised.value)


def test_the_secret_is_in_no_repr_and_no_error() -> None:
    settings = Settings(storage_url=f"s3://key:{WRITTEN}@127.0.0.1:9/akten")
    store = open_blobs(settings, fresh=False)
    with pytest.raises(StorageUnavailable) as raised:
        store.stat("a")
    said = [repr(settings), str(settings), settings.model_dump_json(), repr(store), str(raised.value)]
    said.append(repr(s3_location(settings.blob_url.get_secret_value())))
    for each in said:
        assert SECRET not in each
        assert WRITTEN not in each


def test_doctor_shows_the_server_and_no_secret_and_worm_needs_s3(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "EAKTE_DATA_DIR": str(tmp_path),
        "EAKTE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
        "EAKTE_STORAGE_URL": f"s3://key:{WRITTEN}@127.0.0.1:9/akten",
    }
    command = [sys.executable, "-m", "eakte", "doctor"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["settings"]["EAKTE_STORAGE_URL"] == "s3://**********@127.0.0.1:9/akten"
    away = subprocess.run([*command, "worm"], capture_output=True, text=True, env=environment, check=False)
    assert (away.returncode, len(away.stderr.strip().splitlines())) == (1, 1), away.stderr
    for each in (done.stdout, done.stderr, away.stderr):
        assert SECRET not in each
        assert WRITTEN not in each
    folder = {**environment, "EAKTE_STORAGE_URL": f"file://{tmp_path}/blobs"}
    none = subprocess.run([*command, "worm"], capture_output=True, text=True, env=folder, check=False)
    assert (none.returncode, "nur eine Ablage in S3" in none.stderr) == (1, True)
