"""Paging by key: the answer names the path of the next page.

A mark is the key behind which the next page begins, with a word of the list that it belongs to: on another list or with
another filter it would silently begin anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request

from eakte.api.shapes import Listing
from eakte.errors import FieldError, InvalidInput
from eakte.language import _

T = TypeVar("T")
R = TypeVar("R")
Limit = Annotated[int, Query(ge=1, le=200, description="Rows of a page")]
OptionalLimit = Annotated[int | None, Query(ge=1, le=200, description="Rows of a page; all in one unless given")]


def mark_of_page(
    request: Request,
    after: Annotated[
        str | None, Query(description="Mark of the page before; take it from `next`.", max_length=2000)
    ] = None,
) -> str | None:
    """The mark behind which the page begins. Raises InvalidInput for one of another list."""
    if after is None:
        return None
    word, _dot, mark = after.partition(".")
    if word != _word_of(request) or not mark:
        raise no_such_page()
    return mark


After = Annotated[str | None, Depends(mark_of_page)]


def next_path(request: Request, mark: str | None) -> str | None:
    """The path of the next page: this one with the mark."""
    if mark is None:
        return None
    url = request.url.include_query_params(after=f"{_word_of(request)}.{mark}")
    return f"{url.path}?{url.query}"


def _word_of(request: Request) -> str:
    """A short word for path and filters; how many rows a page has may change on the way."""
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in {"after", "limit"})
    return hashlib.sha256(repr((request.url.path, asked)).encode("utf-8", "surrogatepass")).hexdigest()[:8]


def no_such_page() -> InvalidInput:
    """The error for a mark that this list did not give."""
    return InvalidInput(errors=[FieldError("after", _("Diese Seite der Liste gibt es nicht."))])


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
            raise no_such_page()
        rows = rows[begin:]
    page = rows[:limit]
    mark = str(key(page[-1])) if len(page) < len(rows) else None
    return listing(request, [shape(row) for row in page], mark)
