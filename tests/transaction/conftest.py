"""The small town that these tests act in."""

from tests.operations.office import office, prepared_office, shared_office

__all__ = ["office", "prepared_office", "shared_office"]
