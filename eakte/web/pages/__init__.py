"""The routes of the pages: they call operations, fill view models and render; they never call our own API."""

from eakte.web.pages.installing import install

__all__ = ["install"]
