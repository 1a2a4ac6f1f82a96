"""`EAKTE_SEARCH_URL`: what it may say, and that no message repeats a password."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from eakte.bootstrap import _opensearch_address, open_search
from eakte.errors import SetupFailed
from eakte.settings import Settings
from indexing.opensearch import Address

PASSWORD = "streng-geheim"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("opensearch://suche.rodenbeck.de", Address("suche.rodenbeck.de", 9200, "eakte")),
        ("opensearch://suche:9201/akten", Address("suche", 9201, "akten")),
        ("opensearch://suche?tls=off", Address("suche", 9200, "eakte", tls=False)),
        ("opensearch://127.0.0.1:9201", Address("127.0.0.1", 9201, "eakte", tls=False)),
        ("opensearch://[::1]:9201", Address("::1", 9201, "eakte", tls=False)),
        ("opensearch://localhost?tls=on", Address("localhost", 9200, "eakte", tls=True)),
        (
            f"opensearch://ea%40kte:{PASSWORD}%2F@suche/a",
            Address("suche", 9200, "a", user="ea@kte", password=f"{PASSWORD}/"),
        ),
    ],
)
def test_an_address_in_parts(url: str, address: Address) -> None:
    assert _opensearch_address(url) == address


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("/eakte", "Rechner fehlt"),
        ("suche:port/eakte", "keine gültige Adresse"),
        ("suche/Akten", "Kleinbuchstaben"),
        ("suche/a/b", "Kleinbuchstaben"),
        ("suche?tls=ja", "on oder off"),
        ("suche?tsl=off", "unbekannte Option tsl"),
        ("suche?ca=/gibt/es/nicht.pem", "vorhandene Datei"),
        ("127.0.0.1?ca=/etc/hostname", "gehört zu tls=on"),
    ],
)
def test_a_wrong_address_is_said_in_german_and_without_the_password(rest: str, words: str) -> None:
    settings = Settings(search_url=SecretStr(f"opensearch://eakte:{PASSWORD}@{rest}"))
    with pytest.raises(SetupFailed) as raised:
        open_search(settings)
    assert words in str(raised.value)
    assert PASSWORD not in f"{raised.value!r} {settings!r} {settings.search_url}"


def test_an_unknown_scheme_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="möglich sind tantivy:///… und opensearch://…"):
        open_search(Settings(search_url=SecretStr(f"solr://{tmp_path}")))
