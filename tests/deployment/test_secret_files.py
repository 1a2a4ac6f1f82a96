"""Secret settings from files: `EAKTE_X_FILE` in place of `EAKTE_X`."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from eakte.cli.output import load_settings
from eakte.errors import SetupFailed
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
def test_a_wrong_file_is_told_by_the_variable_and_without_the_secret(
    content: str | None, beside: str | None, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("EAKTE_DATABASE_URL_FILE", str(file))
    if beside is not None:
        monkeypatch.setenv("EAKTE_DATABASE_URL", beside)
    with pytest.raises(SetupFailed, match=sentence) as raised:
        load_settings()
    assert "EAKTE_DATABASE_URL_FILE" in str(raised.value)
    assert "postgresql://" not in str(raised.value)


def test_what_is_no_secret_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "name").write_text("Stadt Woanders")
    monkeypatch.setenv("EAKTE_MUNICIPALITY_FILE", str(tmp_path / "name"))
    with_default = Settings.model_fields["municipality"].default
    assert Settings().municipality == with_default
