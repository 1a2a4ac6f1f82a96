"""Paging by key: the answer names the path of the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query, Request

from eakte.api.shapes import Listing
from eakte.errors import FieldError, InvalidInput

T = TypeVar("T")
R = TypeVar("R")
After = Annotated[str | None, Query(description="Mark of the page before; take it from `next`.", max_length=2000)]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows of a page")]
OptionalLimit = Annotated[int | None, Query(ge=1, le=200, description="Rows of a page; all in one unless given")]


def next_path(request: Request, mark: str | None) -> str | None:
    """The path of the next page: this one with the mark."""
    if mark is None:
        return None
    url = request.url.include_query_params(after=mark)
    return f"{url.path}?{url.query}"


def listing(request: Request, items: list[T], mark: str | None) -> Listing[T]:
    """One page as an answer."""
    return Listing(items=items, next=next_path(request, mark))


def short_listing(
    request: Request,
    rows: Sequence[R],
    shape: Callable[[R], T],
    *,
    key: Callable[[R], object],
    after: str | None,
    limit: int | None,
) -> Listing[T]:
    """A page of a list that is read whole (plan, units, accounts): it goes on behind the row whose key is the mark.

    Raises InvalidInput for a mark of no row.
    """
    if after is not None:
        begin = next((number for number, row in enumerate(rows, 1) if str(key(row)) == after), None)
        if begin is None:
            raise InvalidInput(errors=[FieldError("after", "Diese Seite der Liste gibt es nicht.")])
        rows = rows[begin:]
    page = rows[:limit]
    mark = str(key(page[-1])) if len(page) < len(rows) else None
    return listing(request, [shape(row) for row in page], mark)
