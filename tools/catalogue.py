"""All sentences that people are told, as a gettext template: what a translator starts from.

``python tools/catalogue.py eakte.pot`` collects the msgids of the templates (``_`` and ``ngettext``, by Jinja's own
reading), of Python (``_``, ``ngettext``, ``gettext`` and the tables in ``msgid``; the docstrings of error classes,
which are their messages; what settings mean), the sentences of the engines that have no values in them, and pydantic's
(English) templates.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eakte.malformed import msgids
from eakte.web.rendering import environment

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "eakte/web/templates"
LANGUAGE = ROOT / "eakte/language.py"
MARKS = ("_", "ngettext", "gettext", "msgid")
ENGINES = ("storage", "indexing", "retention")
ERRORS = {"EakteError", "EmbeddedError"}
"""Classes whose subclasses say what their docstrings say."""

_LETTERS = re.compile(r"[ÄÖÜäöüß„“]")
_WORDS = re.compile(
    r"""\b(?:als|alle|alles|auch|auf|aus|bei|beide|beides|bis|bitte|dann|das|dass|dazu|dem|den|der|des|diese|dieser|dieses|ein
    |eine|einem|einen|einer|eines|es|fehlt|gibt|hat|haben|hier|ihr|ihre|im|ist|jetzt|kann|kein|keine|keinen|lesbar|mehr|mit
    |nach|nicht|noch|nur|ob|oder|ohne|schon|seit|sich|sie|sind|und|unter|vom|von|vor|weitere|wenn|werden|wieder|wird|wurde|zu
    |zum|zur)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Small words of German that are none of English."""
_NAMED = re.compile(r"[A-Z][a-z]{2,}(?: [A-Za-z][a-z]*)*[.:!?…]?")
"""A word or phrase that starts with a capital, as labels do."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence and where it is said; with `many` there is a form for one and one for many things."""

    one: str
    many: str | None
    place: str


def for_people(text: str) -> bool:
    """Whether a text looks like German for people: its letters, its small words, or a label's capital."""
    return german(text) or _NAMED.fullmatch(text.strip()) is not None


def german(text: str) -> bool:
    """Whether a text is German, as far as its letters and small words say."""
    return bool(_LETTERS.search(text) or _WORDS.search(text))


def called(node: ast.AST) -> str:
    """The bare name that a call calls; empty for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def texts(node: ast.AST) -> Iterator[ast.Constant]:
    """The texts that an expression may have as its value; of a table its values, not its keys."""
    match node:
        case ast.Constant(value=str()) if node.value:
            yield node
        case ast.IfExp():
            yield from texts(node.body)
            yield from texts(node.orelse)
        case ast.BoolOp(values=within) | ast.Dict(values=within) | ast.Tuple(elts=within):
            yield from (text for each in within for text in texts(each))
        case ast.List(elts=within) | ast.Set(elts=within):
            yield from (text for each in within for text in texts(each))
        case ast.Call():
            within = [*node.args, *(each.value for each in node.keywords)]
            yield from (text for each in within for text in texts(each))


def collected() -> list[Said]:
    """Everything that is said, in the order of its places."""
    found = [*_of_templates(), *_of_engines()]
    modules = [path for path in sorted((ROOT / "eakte").rglob("*.py")) if path != LANGUAGE]
    for path in modules:
        found += _of_calls(path)
    found += _of_errors(modules)
    found += _of_settings(ROOT / "eakte/settings.py")
    found += [Said(msgid, None, "pydantic") for msgid in msgids().values()]
    return found


@cache
def tree_of(path: Path) -> ast.Module:
    """A module, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module, walked once."""
    return tuple(ast.walk(tree_of(path)))


def _place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def _of_templates() -> Iterator[Said]:
    for path in sorted(TEMPLATES.rglob("*.html")):
        source = path.read_text(encoding="utf-8")
        for line, name, words in environment().extract_translations(source):  # type: ignore[attr-defined]  # put there by the i18n extension
            one, *others = words if isinstance(words, tuple) else (words,)
            if one is not None:
                yield Said(one, others[0] if name == "ngettext" else None, _place(path, line))


def _of_calls(path: Path) -> Iterator[Said]:
    for node in nodes_of(path):
        if not isinstance(node, ast.Call) or called(node) not in MARKS or not node.args:
            continue
        place = _place(path, node.lineno)
        if called(node) == "ngettext":
            for one, many in zip(texts(node.args[0]), texts(node.args[1]), strict=True):
                yield Said(str(one.value), str(many.value), place)
        else:
            yield from (Said(str(text.value), None, place) for text in texts(node.args[0]))


def _of_errors(modules: Iterable[Path]) -> Iterator[Said]:
    classes = [
        (path, node, {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases})
        for path in modules
        for node in nodes_of(path)
        if isinstance(node, ast.ClassDef)
    ]
    kinds: set[str] = set(ERRORS)
    while more := {node.name for _path, node, bases in classes if bases & kinds} - kinds:
        kinds |= more
    for path, node, _bases in classes:
        if node.name in kinds:
            yield Said(ast.get_docstring(node) or "", None, _place(path, node.lineno))


def _of_settings(path: Path) -> Iterator[Said]:
    """What each setting means: a page shows it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.keyword) and node.arg == "description":
            yield from (Said(str(text.value), None, _place(path, text.lineno)) for text in texts(node.value))


def _of_engines() -> Iterator[Said]:
    """Sentences of the engines: they are put through the catalogue where the service shows them."""
    for engine in ENGINES:
        for path in sorted((ROOT / engine).rglob("*.py")):
            inside = {part for node in nodes_of(path) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
            told = {node.value for node in nodes_of(path) if isinstance(node, ast.Expr)}  # docstrings
            for node in nodes_of(path):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside | told:
                    text = node.value
                    if text[:1].isupper() and " " in text and german(text):
                        yield Said(text, None, _place(path, node.lineno))


def written(found: Iterable[Said]) -> str:
    """The template: each msgid once, with all its places."""
    places: dict[tuple[str, str | None], list[str]] = {}
    plurals = {said.one: said.many for said in found if said.many is not None}
    for said in found:
        places.setdefault((said.one, plurals.get(said.one)), []).append(said.place)
    head = ("Language: ", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit")
    parts = ['msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in head)]
    for (one, many), where in places.items():
        lines = [f"#: {place}" for place in dict.fromkeys(where)]
        if re.search(r"%[(%]", f"{one}{many or ''}"):
            lines.append("#, python-format")
        lines.append(f"msgid {_quoted(one)}")
        if many is None:
            lines.append('msgstr ""')
        else:
            lines += [f"msgid_plural {_quoted(many)}", 'msgstr[0] ""', 'msgstr[1] ""']
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _quoted(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def main() -> None:
    """Write the template to the path given."""
    parser = argparse.ArgumentParser(
        description="Write all sentences that people are told as a gettext template (.pot)."
    )
    parser.add_argument("target", type=Path)
    target: Path = parser.parse_args().target
    found = collected()
    target.write_text(written(found), encoding="utf-8")
    print(f"{len({said.one for said in found})} sentences in {target}")


if __name__ == "__main__":
    main()
