"""The application whose OpenAPI the client's types are held against."""

from tests.api.conftest import world

__all__ = ["world"]
