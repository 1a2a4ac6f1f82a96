"""Every sentence that people are told passes the catalogue, and the catalogue's template has them all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from gettext import NullTranslations
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from eakte.language import _, ngettext, speaking
from eakte.malformed import sentence_of
from tests.support.commands import called as command
from tests.support.foreign import Marked
from tools.catalogue import (
    LANGUAGE,
    MARKS,
    ROOT,
    TEMPLATES,
    called,
    collected,
    for_people,
    nodes_of,
    texts,
    tree_of,
    written,
)

LEFT_OUT = ("eakte/migrations/", "eakte/sample/")
"""Migrations say nothing, sample data is data."""

MODULES = [
    path
    for path in sorted((ROOT / "eakte").rglob("*.py"))
    if path != LANGUAGE and not str(path.relative_to(ROOT)).startswith(LEFT_OUT)
]

DOCUMENTATION = {
    # Of the interface and of settings, in the language of who reads it there; of commands, bound when they are loaded,
    # before a language can be spoken.
    "description", "summary", "help", "examples", "show_default", "responses", "response_description",
}  # fmt: skip
FOR_MACHINES = {"TypeVar", "cast", "Gauge", "debug", "info", "warning", "error", "exception", "critical"}
"""Calls whose texts people do not read: types, metrics, log lines."""

WORDS_OF_MACHINES = {"Authorization", "Bearer", "Connection", "None", "Null", "Vary"}
"""Capital letters that are no label: headers, values of YAML and of the log."""

WORDS_OF_ADDRESSES = {"von", "bis", "nach", "bei", "vorgang-zu", "vorgang-auf", "nicht-zurueck"}
"""Parameters of pages and what stands in them."""

DATA = {
    "eakte/api/document_content.py": {"BYTES"},  # descriptions for developers
    "eakte/api/problems.py": {"PROBLEM_RESPONSES", "SIGN_IN"},  # likewise
    "eakte/settings.py": {"municipality"},  # a name
    "eakte/operations/passwords.py": {"_GERMAN"},  # what people choose
    "eakte/operations/parties.py": {"_LATIN", "_PERSON", "_ORGANISATION"},  # letters of DIN 91379
    "eakte/operations/references.py": {"_DIN_5007"},  # how umlauts are spelled in a key
    # Headings and values of the file format of filing plans; a sentence names them as they stand in the file.
    "eakte/operations/plan_words.py": {
        "Column", "_SYNONYMS", "_IGNORED", "_PERMANENT", "_ANCHORS", "_ROUNDINGS", "_APPRAISALS", "_LEVELS",
        "_YES_OR_NO",
    },
    "eakte/web/pages/security.py": {"names", "systems"},  # of browsers
    "eakte/web/words.py": {"BREAKS"},  # where the German names of areas may be broken
}  # fmt: skip


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def calls(path: Path) -> Iterator[ast.Call]:
    """Calls of the catalogue."""
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and called(node) in {"_", "ngettext"}:
            yield node


def unsaid(path: Path, node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Texts at and below a node that nobody puts through the catalogue."""
    if is_for_no_person(node, DATA.get(str(path.relative_to(ROOT)), set())):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node, node.value
    if isinstance(node, ast.JoinedStr):
        yield node, "…".join(str(part.value) for part in node.values if isinstance(part, ast.Constant)).strip("… :")
    for part in looked_at(node):
        yield from unsaid(path, part)


def is_for_no_person(node: ast.AST, data: set[str]) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return True  # documentation
        case ast.Compare() | ast.MatchValue():
            return True  # what others say is only compared
        case (
            ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name))
        ):
            return name in data or name == "__all__"
        case ast.keyword(arg=name):
            return name in DOCUMENTATION
    return called(node) in FOR_MACHINES


def looked_at(node: ast.AST) -> Iterable[ast.AST]:
    """The parts of a node that may be texts for people: no annotations, no keys that are looked up."""
    match node:
        case ast.AnnAssign(value=value):
            return [value] if value else []
        case ast.Subscript(value=value):
            return [value]
        case ast.JoinedStr(values=parts):
            return [part.value for part in parts if isinstance(part, ast.FormattedValue)]
        case ast.arguments(defaults=defaults, kw_defaults=kw_defaults):
            return [each for each in (*defaults, *kw_defaults) if each]
        case ast.FunctionDef(args=args, body=body, decorator_list=decorators):
            return [args, *body, *decorators]
    return node.keywords if isinstance(node, ast.Call) and called(node) in MARKS else ast.iter_child_nodes(node)


def test_no_sentence_for_people_stands_outside_the_catalogue() -> None:
    bare = [
        f"{place(path, node)}: {text}"
        for path in MODULES
        for node, text in unsaid(path, tree_of(path))
        if for_people(text) and text not in WORDS_OF_MACHINES | WORDS_OF_ADDRESSES and not text.startswith("/")
    ]
    assert not bare, "\n".join(bare)


def test_sentences_are_whole_and_their_values_have_names() -> None:
    known = marked()
    wrong = [
        f"{place(path, call)}: {each}"
        for path in MODULES
        for call in calls(path)
        for node in (call.args[:2] if called(call) == "ngettext" else call.args[:1])
        for each in faults(call, node, known)
    ]
    assert not wrong, "\n".join(wrong)


def constant(node: ast.AST) -> str:
    """The module's constant that an expression takes its text from, if it does."""
    while isinstance(node, ast.Subscript):
        node = node.value
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name if name.isupper() else ""


def marked() -> set[str]:
    """Names of constants that `msgid` marks, in the whole service."""
    return {
        target.id
        for path in (ROOT / "eakte").rglob("*.py")
        for node in nodes_of(path)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and called(node.value) == "msgid"
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def faults(call: ast.Call, node: ast.expr, known: set[str]) -> Iterator[str]:
    """What is wrong with a sentence and the values that are given to it."""
    if isinstance(node, (ast.JoinedStr, ast.BinOp)) or called(node) == "format":
        yield "a msgid is a constant"
    if (name := constant(node)) and name not in known:
        yield f"{name} is not marked by msgid"
    for text in (str(each.value) for each in texts(node)):
        # The number of things is given to ngettext anyway; who writes it in another way gives it once more.
        counted = {"num"} if called(call) == "ngettext" else set()
        shown = set(re.findall(r"%\((\w+)\)s", text)) - counted
        given = {each.arg for each in call.keywords if each.arg} - counted
        shared = len(given) < len(call.keywords)  # ** of values that several sentences share
        if not (given <= shown if shared else given == shown):
            yield f"shows {sorted(shown)}, is given {sorted(given)}"
        if re.search(r"%(?!\(\w+\)s|%)", text.replace("%%", "")):
            yield f"a percent sign is written twice: {text}"


COUNTED = re.compile(r"%\((\w+)\)s[ \N{NO-BREAK SPACE}](?:[A-ZÄÖÜ]\w+|(?:bleiben|fehlen|warten)\b)")
"""A value before a noun or a verb of many."""
NO_COUNT = re.compile(r"(most|max|longest|shortest)(_|$)|(problem|wrong)$")
"""Values that are limits of the product, always more than one; and those that are sentences."""
OF_ONE_FORM = re.compile(r"%\(\w+\)s (Byte|GB|Grad|KB|MB|Prozent|Uhr|Zeichen)\b")
"""Words that are the same for one and for many."""


def test_what_is_counted_has_a_form_for_one() -> None:
    found = collected()
    wrong = [
        f"{said.place}: {said.one}"
        for said in found
        if said.many is None
        for counted in [COUNTED.search(OF_ONE_FORM.sub("", said.one))]
        if counted and not NO_COUNT.match(counted[1])
    ]
    assert not wrong, "\n".join(wrong)


SAME = "von|in|neu,|geändert,|unverändert|offen"
GLUED = re.compile(rf'\|(?:number|counted|length)[^{{}}]*\}}\}} ?\{{\{{ ?_\("(?!(?:{SAME})")')
"""A number, and beside it a word that is not the same for one and for many."""


def test_no_word_of_many_stands_beside_a_number() -> None:
    """`{{ count|number }} {{ _("Akten") }}` has one form only, and a translator sees half a sentence."""
    wrong = [
        f"{path.name}:{number}"
        for path in sorted(TEMPLATES.glob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if GLUED.search(line)
    ]
    assert not wrong


def test_a_module_that_speaks_calls_nothing_else_by_that_name() -> None:
    bound = [
        place(path, node)
        for path in MODULES
        if "import _" in path.read_text(encoding="utf-8")
        for node in nodes_of(path)
        if (isinstance(node, ast.Name) and node.id == "_" and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.arg) and node.arg == "_")
    ]
    assert not bound


def test_a_value_in_a_sentence_is_no_part_of_it() -> None:
    with speaking(Marked()):
        assert _("Die Kennung %(login)s gibt es schon.", login="100 %") == "⟦Die Kennung 100 % gibt es schon.⟧"
        assert ngettext("Ein Dokument", "%(num)s Dokumente", 2) == "⟦2 Dokumente⟧"
    assert ngettext("Ein Dokument", "%(num)s Dokumente", 1) == "Ein Dokument"


class Longer(BaseModel):
    name: Annotated[str, Field(min_length=3)] = ""
    names: Annotated[list[str], Field(max_length=1)] = []


@pytest.mark.parametrize(
    ("given", "translated"),
    [
        ({"name": "ab"}, "Mindestens 3 Zeichen"),
        ({"names": ["a", "b"]}, "List should have at most 1 item after validation, not 2"),
        ({"names": 5}, "Eine Liste"),
    ],
)
def test_sentences_of_pydantic_are_translated_without_their_values(given: dict[str, Any], translated: str) -> None:
    class German(NullTranslations):
        def gettext(self, message: str) -> str:
            return {
                "String should have at least %(min_length)s character%(expected_plural)s": "Mindestens %(min_length)s"
                " Zeichen",
                "Input should be a valid list": "Eine Liste",
            }.get(message, message)

    with pytest.raises(ValidationError) as caught:
        Longer.model_validate(given)
    (error,) = caught.value.errors()
    assert sentence_of(error) == error["msg"]
    with speaking(German()):
        assert sentence_of(error) == translated


def test_commands_speak_another_language(tmp_path: Path) -> None:
    with speaking(Marked()):
        wrong = command({"EAKTE_DATA_DIR": str(tmp_path)}, "plan", "import", str(tmp_path / "plan.csv"))
        broken = command({"EAKTE_DATABASE_URL": "mysql://a", "EAKTE_DATA_DIR": str(tmp_path)}, "database", "url")
        malformed = command({"EAKTE_UPLOAD_LIMIT_BYTES": "viel", "EAKTE_DATA_DIR": str(tmp_path)}, "database", "url")
    assert (wrong.returncode, broken.returncode, malformed.returncode) == (2, 1, 1)
    assert wrong.stderr == f"⟦Aufruf: ⟦Die Datei {tmp_path / 'plan.csv'} gibt es nicht.⟧⟧\n"
    assert "⟦EAKTE_DATABASE_URL muss mit postgresql:// beginnen.⟧" in broken.stderr
    assert re.fullmatch(r"⟦Fehler: ⟦.+⟧ EAKTE_UPLOAD_LIMIT_BYTES: ⟦.+⟧⟧\n", malformed.stderr)


def read_back(template: str) -> dict[str, str | None]:
    """Msgid and plural of each entry, as gettext's own programs read them."""
    entry = r'^msgid "(.*)"\n(?:msgid_plural "(.*)"\n)?msgstr'
    found = re.findall(entry, template, re.MULTILINE)
    assert len(found) == template.count("\nmsgid ") + template.startswith("msgid ")
    return {ast.literal_eval(f'"{one}"'): ast.literal_eval(f'"{many}"') or None for one, many in found}


def test_a_translator_gets_every_sentence_once() -> None:
    found = collected()
    template = written(found)
    entries = read_back(template)
    assert entries.pop("") is None  # the head
    assert set(entries) == {said.one for said in found}
    for sentence in (
        "Kennung und Passwort passen nicht zusammen.",  # an error's docstring
        "Die Kennung %(login)s gibt es schon.",
        "A – archivwürdig",  # of a table
        "Suchen",  # of a template
        "Die PDF-Datei enthält keine Seiten.",  # of an engine
        "Field required",  # of pydantic
    ):
        assert sentence in entries, sentence
    assert entries["Noch ein Versuch bis zu einer Pause."] == "Noch %(num)s Versuche bis zu einer Pause."
