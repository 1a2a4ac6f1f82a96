"""Wrong calls: one line in the operator's words, exit code 2; help is there at once and says what the commands say."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
import typer

from eakte.cli import main

NUMBER = "eine Kennung wie 0191c2f4-7d3e-7b1a-9c55-1f2e3d4c5b6a"


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *call: str) -> tuple[object, str]:
    monkeypatch.setattr(main, "configure_logging", lambda: None)  # it would take pytest's handlers away
    monkeypatch.setattr(sys, "argv", ["eakte", *call])
    with pytest.raises(SystemExit) as ended:
        main.main()
    said = capsys.readouterr()
    assert said.out == ""
    return ended.value.code, said.err


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("srve", "Den Befehl srve gibt es nicht. Gemeint ist vielleicht: serve. Hilfe: eakte --help"),
        ("audit prov", "Den Befehl prov gibt es nicht. Gemeint ist vielleicht: prove. Hilfe: eakte audit --help"),
        ("work now twice", "Das ist zu viel: now twice. Hilfe: eakte work --help"),
        ("search", "Es fehlt: text. Hilfe: eakte search --help"),
        (
            "audit prove x",
            f"document: x ist nicht, was erwartet wird: {NUMBER}. Hilfe: eakte audit prove --help",
        ),
        ("serve --port abc", "--port: abc ist nicht, was erwartet wird: eine ganze Zahl. Hilfe: eakte serve --help"),
        ("serve --tls-cert /nicht/da", "--tls-cert: Die Datei gibt es nicht. Hilfe: eakte serve --help"),
        ("serve --prt 3", "Die Option --prt gibt es nicht. Gemeint ist vielleicht: --port. Hilfe: eakte serve --help"),
        ("token create --as", "Die Option --as braucht einen Wert. Hilfe: eakte --help"),
        ("serve --json=3", "Die Option --json nimmt keinen Wert. Hilfe: eakte --help"),
    ],
)
def test_a_wrong_call_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], call: str, line: str
) -> None:
    assert refusal(monkeypatch, capsys, *call.split()) == (2, f"Aufruf: {line}\n")


def test_help_says_of_a_command_what_the_command_says() -> None:
    for name, (place, line) in main._COMMANDS.items():
        module, attribute = place.split(":")
        command = getattr(importlib.import_module(f"eakte.cli.{module}"), attribute)
        app = typer.Typer()
        app.add_typer(command, name=name) if isinstance(command, typer.Typer) else app.command(name)(command)
        app.callback()(main._no_options)
        group = typer.main.get_command(app)
        assert isinstance(group, typer.core.TyperGroup)
        assert " ".join((group.commands[name].help or "").partition("\n\n")[0].split()) == line


def test_help_and_a_typo_load_no_database_and_no_pages() -> None:
    look = "import sys; import eakte.cli.main as m; m.commands('srve'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout.split()
    assert {"sqlalchemy", "fastapi", "structlog", "procrastinate"}.isdisjoint(loaded)
