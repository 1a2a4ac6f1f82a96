"""The routers of the API."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from eakte.api.problems import PROBLEM_RESPONSES

PREFIX = "/api/v1"


class ApiRouter(APIRouter):
    """Routes below `/api/v1` that may answer with problems, to be handed to the application as they are.

    Not by `include_router`: that makes each route anew with the first request, which would wait a second for it.
    """

    def __init__(self, prefix: str = "", **options: Any) -> None:
        super().__init__(prefix=PREFIX + prefix, responses=PROBLEM_RESPONSES, strict_content_type=False, **options)
