"""Filing plans as YAML: read into plain rows, and written.

Classes stand in a list, flat or nested by ``children``; keys are those of the interface (``number``, ``title``,
``retention: {term, …}``) or the German headings. Scalars are always texts: 632.10 stays what it is, ``no`` is a word.
"""

from collections.abc import Sequence
from typing import Any, Final

import yaml

from eakte.language import _
from eakte.operations.plan_raw import RawPlan, RawRow, unreadable
from eakte.operations.plan_tables import unknown_heading
from eakte.operations.plan_words import HEADINGS, IGNORED_HEADINGS, Position, folded

MAX_LEVELS: Final = 50
"""Nesting of the file, before a line is read; the plan's own limit is lower and told better."""

_LISTS: Final = frozenset(("classes", "aktenplan", "plan"))
_CHILDREN: Final = frozenset(("children", "untergeordnet", "unterpunkte"))
_NOTHING: Final = frozenset(("", "~", "null", "Null", "NULL"))


class _TextLoader(yaml.BaseLoader):
    """Texts, lists and mappings; no aliases, which make files grow when read, and a limit on nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise self._refusal(_("Verweise (*) sind nicht erlaubt"))
        self.depth += 1
        if self.depth > 2 * MAX_LEVELS:
            raise self._refusal(_("zu tief geschachtelt"))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refusal(self, problem: str) -> yaml.MarkedYAMLError:
        event = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it out
        return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def read_yaml(content: bytes) -> RawPlan:
    """The classes of a YAML file.

    Raises:
        PlanFileError: The file is no YAML, or no list of classes.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable("no-text", _("Die Datei ist kein Text in UTF-8.")) from error
    try:
        root = yaml.compose(text, Loader=_TextLoader)
    except yaml.MarkedYAMLError as error:
        message = _("Die Datei ist kein lesbares YAML (%(problem)s).", problem=error.problem)
        if error.problem_mark:
            message = _(
                "Die Datei ist kein lesbares YAML (Zeile %(line)s: %(problem)s).",
                line=error.problem_mark.line + 1,
                problem=error.problem,
            )
        raise unreadable("no-yaml", message) from error
    except yaml.YAMLError as error:
        raise unreadable("no-yaml", _("Die Datei ist kein lesbares YAML.")) from error
    if isinstance(root, yaml.MappingNode) and len(root.value) == 1 and folded(root.value[0][0].value) in _LISTS:
        root = root.value[0][1]
    if not isinstance(root, yaml.SequenceNode):
        raise unreadable("no-list", _("Erwartet wird eine Liste von Aktenplaneinheiten, oder sie unter „classes:“."))
    plan = RawPlan()
    _take_list(root, None, plan)
    return plan


def _take_list(node: yaml.Node, nested_in: RawRow | None, plan: RawPlan) -> None:
    if not isinstance(node, yaml.SequenceNode):
        if not _is_nothing(node):
            plan.problems.append(
                _at(node).problem("no-list", _("Hier wird eine Liste von Aktenplaneinheiten erwartet."))
            )
        return
    for item in node.value:
        if isinstance(item, yaml.MappingNode):
            _take_class(item, nested_in, plan)
        else:
            plan.problems.append(
                _at(item).problem("no-class", _("Hier wird eine Aktenplaneinheit mit number und title erwartet."))
            )


def _take_class(node: yaml.MappingNode, nested_in: RawRow | None, plan: RawPlan) -> None:
    row = RawRow(_at(node), {}, nested_in=nested_in)
    plan.add(row)
    below: list[yaml.Node] = []
    _take_entries(node, row, below, plan)
    for children in below:
        _take_list(children, row, plan)


def _take_entries(node: yaml.MappingNode, row: RawRow, below: list[yaml.Node], plan: RawPlan) -> None:
    seen: set[str] = set()
    for key_node, value in node.value:
        at, key = _at(key_node), key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        name = folded(key)
        column = HEADINGS.get(name)
        if name in seen or (column and column in row.texts):
            # the usual reading keeps the last one and drops the rest: half a plan, and nobody notices
            plan.problems.append(at.problem("duplicate-key", _("„%(key)s“ steht hier zweimal.", key=key), key))
        elif name in _CHILDREN:
            below.append(value)
        elif name == "retention" and isinstance(value, yaml.MappingNode):
            _take_entries(value, row, below, plan)
        elif column is None and name not in IGNORED_HEADINGS:
            plan.problems.append(at.problem("unknown-column", unknown_heading(key), key))
        elif column and not isinstance(value, yaml.ScalarNode):
            plan.problems.append(at.problem("no-text", _("Bei „%(key)s“ wird ein Text erwartet.", key=key), key))
        elif column and not _is_nothing(value):
            row.texts[column] = value.value
        seen.add(name)


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NOTHING


def _at(node: yaml.Node) -> Position:
    return Position(None, node.start_mark.line + 1)


def written(classes: Sequence[dict[str, Any]]) -> str:
    """A flat list of classes as YAML; texts are quoted where other readers would make numbers or truth values of it."""
    return yaml.safe_dump(list(classes), allow_unicode=True, sort_keys=False, width=120)
