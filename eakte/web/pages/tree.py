"""The filing plan as a tree: open along the way to where one is, closed elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.models import Dossier, PlanClass
from eakte.operations.dossier_lists import dossiers_per_class
from eakte.terms import Actor
from eakte.web.pages.asking import quoted
from eakte.web.views import Link, TreeNode

MOST_FITTING = 100
"""Classes that a filter of the plan shows: more are no answer but the plan again."""


class PlanTree:
    """The classes of the plan, read once for a page."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self._session, self._actor = session, actor
        self.rows: Sequence[PlanClass] = session.scalars(select(PlanClass).order_by(PlanClass.sort_key)).all()
        self._children: dict[uuid.UUID | None, list[PlanClass]] = {}
        for row in self.rows:
            self._children.setdefault(row.parent_id, []).append(row)
        self._by_id = {row.id: row for row in self.rows}

    def find(self, number: str) -> PlanClass | None:
        """The class of a number."""
        return next((row for row in self.rows if row.number == number), None)

    def path(self, row: PlanClass) -> list[PlanClass]:
        """The classes from the root down to this one."""
        way = [row]
        while way[-1].parent_id is not None:
            way.append(self._by_id[way[-1].parent_id])
        return way[::-1]

    def links(self, row: PlanClass) -> tuple[Link, ...]:
        """The path as links."""
        return tuple(Link(f"{each.number} {each.title}", class_address(each)) for each in self.path(row))

    def children(self, row: PlanClass) -> tuple[TreeNode, ...]:
        """The classes below one, closed: what unfolding it fetches."""
        below = self._children.get(row.id, [])
        counts = dossiers_per_class(self._session, self._actor, [each.id for each in below])
        return tuple(self._node(each, set(), counts, None, None) for each in below)

    def nodes(self, current: PlanClass | None, dossier: Dossier | None = None) -> tuple[TreeNode, ...]:
        """The whole tree, open down to the current class; under it the current dossier."""
        way = {each.id for each in self.path(current)} if current else set()
        shown = [each for parent in (None, *way) for each in self._children.get(parent, [])]
        counts = dossiers_per_class(self._session, self._actor, [each.id for each in shown])
        return tuple(self._node(each, way, counts, current, dossier) for each in self._children.get(None, []))

    def fitting(self, text: str) -> tuple[tuple[TreeNode, ...], int]:
        """The classes whose number begins with a text or whose title has it, with those above, and how many they are.

        At most MOST_FITTING are shown: more letters find the rest.
        """
        wanted = text.casefold()
        found = [row for row in self.rows if row.number.startswith(text) or wanted in row.title.casefold()]
        shown = {each.id for row in found[:MOST_FITTING] for each in self.path(row)}
        counts = dossiers_per_class(self._session, self._actor, list(shown))
        top = [row for row in self._children.get(None, []) if row.id in shown]
        return tuple(self._fitting(row, shown, counts) for row in top), len(found)

    def _fitting(self, row: PlanClass, shown: set[uuid.UUID], counts: dict[uuid.UUID, int]) -> TreeNode:
        below = self._children.get(row.id, [])
        children = tuple(self._fitting(each, shown, counts) for each in below if each.id in shown)
        return TreeNode(
            number=row.number,
            title=row.title,
            href=class_address(row),
            state="open" if children else "closed" if below else "leaf",
            count=counts.get(row.id),
            children=children,
        )

    def _node(
        self,
        row: PlanClass,
        way: set[uuid.UUID],
        counts: dict[uuid.UUID, int],
        current: PlanClass | None,
        dossier: Dossier | None,
    ) -> TreeNode:
        below = self._children.get(row.id, [])
        here = current is not None and row.id == current.id
        children = [self._node(each, way, counts, current, dossier) for each in below] if row.id in way else []
        if here and dossier is not None:
            children.append(
                TreeNode(
                    number=dossier.reference_number,
                    title=dossier.title,
                    href=f"/akten/{dossier.id}",
                    kind="dossier",
                    current=True,
                )
            )
        return TreeNode(
            number=row.number,
            title=row.title,
            href=class_address(row),
            state=("open" if children else "closed") if below or children else "leaf",
            count=counts.get(row.id),
            current=here and dossier is None,
            children=tuple(children),
        )


def class_address(row: PlanClass) -> str:
    """The address of a class."""
    return f"/plan/{quoted(row.number)}"
