import pytest

# The suite is a base class outside test files: its assertions explain themselves only when rewritten.
pytest.register_assert_rewrite("tests.storage.contract", "tests.storage.machine")
