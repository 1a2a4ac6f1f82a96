"""The commands: what they answer with `--json`, and their exit codes: 0 done, 1 the thing failed, 2 a wrong call.

The first call of each command is a process of its own, as an operator starts it. Later ones call the same `main` in
this process: most of the time of a command is the loading of the product.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.commands import called
from tests.support.postgres import new_database
from tests.support.service import Municipality, Service, data_folder, upload, wait_ready

pytestmark = pytest.mark.journey
LETTER = "Die Straßenbeleuchtung am Marktplatz ist ausgefallen.\n".encode()


class Town:
    """A running service with one document, for all tests of this module."""

    def __init__(self, service: Service, town: Municipality, document: dict[str, Any]) -> None:
        self.service, self.town, self.document = service, town, document
        self.started: set[str] = set()

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        if arguments[0] in {"serve", "work"} or arguments[0] not in self.started:
            self.started.add(arguments[0])
            return self.service.command(*arguments, check=False)
        return called(self.service.environment, *arguments)

    def answer(self, *arguments: str, code: int = 0) -> Any:
        """What a command with --json prints: exactly one line."""
        done = self.call(*arguments, "--json")
        assert done.returncode == code, (done.stdout, done.stderr)
        (line,) = done.stdout.splitlines()
        return json.loads(line)

    def refused(self, *arguments: str, code: int) -> str:
        """What a command says that fails; nothing goes to standard output, no trace of the program is shown."""
        done = self.call(*arguments)
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        return done.stderr


@pytest.fixture(scope="module")
def installed() -> Iterator[Town]:
    with data_folder() as folder:
        numbers = {"EAKTE_REFERENCE_PATTERN": "{class}.{n:03}", "EAKTE_LETTER_PATTERN": "{reference} ({unit})[ {case}]"}
        service = Service(folder, **numbers)
        service.start(from_nothing=True)
        with service.backends() as opened:
            town = Municipality(opened)
            with service.client(town.tokens["clerk63"]) as clerk:
                dossier = clerk.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": "Markt"}).json()
                letter = clerk.get(f"/api/v1/dossiers/{dossier['id']}/letter-reference").json()["letter_reference"]
                assert (dossier["reference_number"], letter) == ("632.2.001", "632.2.001 (63)")
                filed = upload(clerk, {"dossier": dossier["id"]}, LETTER, "laterne.txt").json()
                yield Town(service, town, wait_ready(clerk, filed["id"]))
        assert service.stop() == 0, service.log.read_text()[-3000:]


def test_serve_says_where_it_is_and_a_second_one_is_refused(installed: Town) -> None:
    with installed.service.client() as client:
        assert client.get("/healthz").text == "ok\n"
    said = installed.refused("serve", "--port", "0", code=1)
    (line,) = said.splitlines()
    assert line.startswith("Fehler: ")
    assert installed.service.process is not None
    assert str(installed.service.process.pid) in line


def test_doctor(installed: Town) -> None:
    shape = installed.answer("doctor")
    assert shape["ok"] is True
    assert all(set(check) == {"name", "ok", "detail", "advice"} and check["ok"] for check in shape["checks"])
    assert len(shape["checks"]) >= 7
    assert shape["settings"]["EAKTE_DATA_DIR"] == str(installed.service.folder)


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    service = Service(tmp_path, EAKTE_DATABASE_URL="postgresql://niemand:geheim@127.0.0.1:9/nichts")
    done = service.command("doctor", "--json", check=False)
    shape = json.loads(done.stdout)
    assert (done.returncode, shape["ok"]) == (1, False)
    assert any(not check["ok"] and check["advice"] for check in shape["checks"])
    assert "geheim" not in done.stdout + done.stderr


def test_accounts_and_keys(installed: Town) -> None:
    made = installed.answer("user", "add", "vertretung", "--role", "clerk", "--unit", "63", "--display-name", "V.")
    assert made["login"] == "vertretung"
    assert len(made["password"]) >= 12
    machine = installed.answer(
        "user", "add", "portal", "--role", "clerk", "--unit", "63", "--machine", "--operator", "Karin Thieme"
    )
    assert machine["password"] is None
    token = installed.answer("token", "create", "--user", "portal", "--scope", "read", "--scope", "write")
    assert set(token) == {"token"}
    with installed.service.client(token["token"]) as client:
        assert client.get("/api/v1/dossiers").json()["items"]
        assert client.get("/api/v1/audit").status_code == 403
    said = installed.refused("user", "add", "vertretung", "--role", "clerk", "--unit", "63", code=1)
    assert "vertretung gibt es schon" in said
    assert "niemand" in installed.refused("token", "create", "--user", "niemand", "--scope", "read", code=1)
    for wrong in (
        ("user", "add", "x", "--role", "chef"),
        ("gibt-es-nicht",),
        ("serve", "--tls-cert", __file__),
        ("work", "--queues", "erfunden"),
        ("plan", "import", "gibt-es-nicht.xlsx"),
        ("search", "Laterne"),
        ("audit", "prove", "keine-id"),
    ):
        installed.refused(*wrong, code=2)


def test_search_as_somebody(installed: Town) -> None:
    shape = installed.answer("search", "Straßenbeleuchtungen", "--as", "clerk63")
    assert {"total", "total_exact", "hits", "facets"} <= set(shape)
    assert shape["hits"][0]["document"]["id"] == installed.document["id"]
    assert installed.answer("search", "Straßenbeleuchtungen", "--as", "clerk10")["total"] == 0
    assert "fremd gibt es nicht" in installed.refused("search", "x", "--as", "fremd", code=1)


def test_the_log_is_verified_proved_and_exported(installed: Town) -> None:
    shape = installed.answer("audit", "verify")
    assert set(shape) >= {"ok", "entries", "root", "signed_head_at", "errors"}
    assert (shape["ok"], shape["errors"]) == (True, [])
    lines = installed.call("audit", "export").stdout.splitlines()
    assert len(lines) >= shape["entries"]
    numbers = [json.loads(line)["number"] for line in lines]
    assert numbers == list(range(1, len(lines) + 1))
    proof = installed.answer("audit", "prove", installed.document["id"])
    assert {each["entry"]["tag"] for each in proof["proofs"]} >= {"record:document:file"}
    installed.refused("audit", "prove", "01900000-0000-7000-8000-000000000000", code=1)


def test_the_store_is_verified(installed: Town) -> None:
    shape = installed.answer("storage", "verify")
    assert set(shape) == {"checked", "ok", "missing", "damaged"}
    assert shape["checked"] == shape["ok"] >= 4
    found = installed.answer("storage", "reconcile")
    assert (found["missing"], found["orphans"]) == ([], [])
    with installed.service.backends() as opened:
        name = next(stat.name for stat in opened.blobs.names(f"{installed.document['id']}/") if "original" in stat.name)
    (path,) = (each for each in installed.service.folder.rglob("original.*") if str(each).endswith(name))
    path.chmod(0o600)
    path.write_bytes(LETTER.replace(b"M", b"N", 1))
    try:
        assert installed.answer("storage", "verify", code=1)["damaged"] == [name]
        known = installed.answer("storage", "status", code=1)
        assert [(each["name"], each["found"]) for each in known["wrong"]] == [(name, "damaged")]
        assert f"{name}: beschädigt seit" in installed.refused("storage", "status", code=1)
        assert not installed.answer("doctor", code=1)["ok"]
    finally:
        path.write_bytes(LETTER)
        path.chmod(0o400)
    assert installed.answer("storage", "verify")["damaged"] == []
    known = installed.answer("storage", "status")
    assert (known["wrong"], known["last"]["checked"], known["overdue"]) == ([], shape["checked"], False)


def test_the_index_is_rebuilt(installed: Town) -> None:
    before = installed.answer("index", "status")
    assert before["waiting"] == 0
    assert before["documents"] == before["indexed"] == 1
    assert installed.answer("index", "rebuild")["documents"] == 1
    assert installed.answer("search", "Marktplatz", "--as", "clerk63")["total"] == 1


def test_the_database_is_reached_with_psql(installed: Town) -> None:
    url = installed.answer("database", "url")["url"]
    assert installed.call("database", "url").stdout.strip() == url
    done = subprocess.run(
        [sys.executable, "-m", "eakte", "database", "shell"],
        input="SELECT count(*) AS zahl FROM dossier;\n",
        env=installed.service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "zahl" in done.stdout
    assert "(1 row)" in done.stdout


def test_a_filing_plan_is_checked_and_taken_over(installed: Town, corpora: Path, tmp_path: Path) -> None:
    plans = corpora / "fileplan"
    for name, column in (
        ("invalid_missing_parent.xlsx", "Nummer"),
        ("invalid_grouped_by_three.xlsx", "Nummer"),
        ("invalid_schema_not_satisfied.xlsx", "Bewertung"),
    ):
        for check in (["--check"], []) if column == "Bewertung" else (["--check"],):
            shape = installed.answer("plan", "import", str(plans / name), *check, code=1)
            assert shape["ok"] is False
            assert all(set(each) == {"sheet", "row", "column", "rule", "message"} for each in shape["errors"])
            assert {each["column"] for each in shape["errors"]} == {column}
    plan = str(plans / "municipality.xlsx")
    checked = installed.answer("plan", "import", plan, "--check")
    assert checked["ok"]
    assert checked["classes"] > 600
    (note,) = checked["notes"]
    assert note["number"] == "4.2.2.3a"
    with installed.service.client(installed.town.tokens["clerk63"]) as clerk:
        before = len(clerk.get("/api/v1/plan-classes").json()["items"])
        taken = installed.answer("plan", "import", plan)
        assert taken == checked, "what was looked at is what was done"
        assert taken["created"] + taken["changed"] + taken["unchanged"] == checked["classes"]
        assert len(clerk.get("/api/v1/plan-classes").json()["items"]) == before + taken["created"]
    again = installed.answer("plan", "import", plan)
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, checked["classes"])
    said = installed.call("plan", "import", plan, "--check").stderr
    assert "Hinweis: Die Nummer 4.2.2.3 " in said
    assert "626 Aktenplaneinheiten, kein Fehler. Übernommen würden: 0 neu, 0 geändert, 626 wie bisher." in said
    part = tmp_path / "teil.csv"
    lines = (
        "Nummer;Titel;Aufbewahrungsfrist",
        "6;Bauen;",
        "63;Bauordnung;",
        "632;Baugenehmigungen;7 Jahre",
        "632.3;Werbung;",
    )
    part.write_text("\n".join(lines), encoding="utf-8")
    order = ("plan", "import", str(part), "--valid-from", "01.01.2099", "--close-missing", "--check")
    said = installed.call(*order).stderr
    for sentence in (
        "neu: 632.3 Werbung",
        "geändert ab 01.01.2099: 632 Baugenehmigungen: Aufbewahrungsfrist bisher 30 Jahre, künftig 7 Jahre",
        "geschlossen: und ",
    ):
        assert sentence in said
    looked = installed.answer(*order)
    assert {"number": "03", "title": "Personal"} in looked["differences"]["missing"]
    assert looked["closed"] == len(looked["differences"]["missing"]) > 600
    assert "Aktenplan" in installed.refused("plan", "import", plan, "--as", "clerk63", code=1)


def test_the_sample_works_its_own_jobs_off() -> None:
    with data_folder() as folder:
        service = Service(folder)
        done = service.command("demo", "--documents", "4", "--json")
        shape = json.loads(done.stdout.splitlines()[-1])
        assert set(shape) == {"dossiers", "documents", "users"}
        assert shape["documents"] == 4
        roles = {"clerk", "registrar", "archive", "approver", "auditor", "admin", "station"}
        assert {role for user in shape["users"] for role in user["roles"]} == roles
        assert all(set(user) == {"name", "password", "role", "roles", "unit"} for user in shape["users"])
        assert len({user["unit"] for user in shape["users"] if "clerk" in user["roles"]}) >= 2
        assert json.loads(service.command("index", "status", "--json").stdout)["waiting"] == 0


def test_an_outdated_schema_of_a_server_is_refused_until_migrated(postgres_admin: str) -> None:
    with data_folder() as folder:
        url = new_database(postgres_admin)
        service = Service(folder, EAKTE_DATABASE_URL=url)
        for command in (("serve", "--port", "0"), ("work", "--until-empty"), ("search", "x", "--as", "y")):
            done = service.command(*command, check=False)
            assert done.returncode == 1
            assert "eakte migrate" in done.stderr
            assert "Traceback" not in done.stderr
        revision = json.loads(service.command("migrate", "--json").stdout)["revision"]
        assert json.loads(service.command("migrate", "--json").stdout) == {"revision": revision}
        service.start()
        assert service.stop() == 0
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0000'")
        done = service.command("serve", "--port", "0", check=False)
        assert (done.returncode, "eakte migrate" in done.stderr) == (1, True)
