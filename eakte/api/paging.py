"""Paging by key: the answer names the path of the next page."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Query, Request

from eakte.api.shapes import Listing

T = TypeVar("T")
After = Annotated[str | None, Query(description="Mark of the page before; take it from `next`.", max_length=2000)]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows of a page")]


def next_path(request: Request, mark: str | None) -> str | None:
    """The path of the next page: this one with the mark."""
    if mark is None:
        return None
    url = request.url.include_query_params(after=mark)
    return f"{url.path}?{url.query}"


def listing(request: Request, items: list[T], mark: str | None) -> Listing[T]:
    """One page as an answer."""
    return Listing(items=items, next=next_path(request, mark))
