"""Secret settings from files: `EAKTE_X_FILE` in place of `EAKTE_X`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from eakte.settings import Settings, is_secret

SECRETS = sorted(name for name, field in Settings.model_fields.items() if is_secret(field))


def test_every_address_that_holds_a_password_is_secret() -> None:
    assert {"database_url", "storage_url", "search_url"} <= set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_comes_from_its_file_without_the_end_of_its_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("s3://k:geheim @x/y\n")
    monkeypatch.delenv(f"EAKTE_{name.upper()}", raising=False)
    monkeypatch.setenv(f"EAKTE_{name.upper()}_FILE", str(file))
    settings = Settings()
    value = getattr(settings, name)
    assert isinstance(value, SecretStr)
    assert value.get_secret_value() == "s3://k:geheim @x/y"
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(
    ("content", "beside", "sentence"),
    [
        (None, None, "ist nicht lesbar"),
        ("\n", None, "ist leer"),
        ("postgresql://a/b", "postgresql://c/d", "Nur eines von beiden"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_variable_and_not_the_secret(
    content: str | None, beside: str | None, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content)
    environment = {**os.environ, "EAKTE_DATABASE_URL_FILE": str(file)}
    if beside is not None:
        environment["EAKTE_DATABASE_URL"] = beside
    command = [sys.executable, "-m", "eakte", "database", "url"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "EAKTE_DATABASE_URL_FILE" in done.stderr
    assert sentence in done.stderr
    assert "postgresql://" not in done.stderr


def test_what_is_no_secret_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "name").write_text("Stadt Woanders")
    monkeypatch.setenv("EAKTE_MUNICIPALITY_FILE", str(tmp_path / "name"))
    with_default = Settings.model_fields["municipality"].default
    assert Settings().municipality == with_default
