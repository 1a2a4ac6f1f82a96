"""A blob store against a dictionary: any order of calls, and no call makes them differ."""

from abc import abstractmethod
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from storage.blobs import BlobStore
from storage.errors import BlobConflict, BlobMissing, BlobTooLarge
from storage.verified import read_verified
from tests.storage.contract import Abandoned, digests_of

# Few segments, so that names meet; some lie below others on purpose.
SEGMENTS = st.sampled_from(["a", "b", "a-b", "a.b", "0"])
NAMES = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)
PIECES = st.lists(st.binary(max_size=20), max_size=4)


def nested(name: str, others: dict[str, bytes]) -> bool:
    return any(name.startswith(other + "/") or other.startswith(name + "/") for other in others)


class BlobStoreMachine(RuleBasedStateMachine):
    """Derive, implement `open_store`, and hand `TestCase` to pytest."""

    store: BlobStore
    names_may_nest = True
    """False for a store that holds a name below another one and does not list it."""

    @abstractmethod
    def open_store(self) -> BlobStore:
        """A new, empty store."""

    @initialize()
    def begin(self) -> None:
        self.store = self.open_store()
        self.model: dict[str, bytes] = {}

    @rule(name=NAMES, pieces=PIECES, limit=st.none() | st.integers(0, 60))
    def put(self, name: str, pieces: list[bytes], limit: int | None) -> None:
        if not self.names_may_nest and nested(name, self.model):
            return
        content = b"".join(pieces)
        try:
            digests = self.store.put(name, pieces, limit=limit)
        except BlobTooLarge:
            assert limit is not None
            assert len(content) > limit
        except BlobConflict:
            assert self.model.get(name, content) != content or nested(name, self.model)
        else:
            assert self.model.get(name, content) == content
            assert limit is None or len(content) <= limit
            assert digests == digests_of(content)
            self.model[name] = content

    @rule(name=NAMES, pieces=PIECES)
    def put_abandoned(self, name: str, pieces: list[bytes]) -> None:
        def failing() -> Iterator[bytes]:
            yield from pieces
            raise Abandoned

        with pytest.raises(Abandoned):
            self.store.put(name, failing())

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        self.store.delete(name)
        self.model.pop(name, None)

    @rule(name=NAMES, offset=st.integers(0, 100), length=st.none() | st.integers(0, 100))
    def read(self, name: str, offset: int, length: int | None) -> None:
        if name not in self.model:
            with pytest.raises(BlobMissing):
                list(self.store.read(name))
            return
        content = self.model[name]
        offset = min(offset, len(content))
        end = len(content) if length is None else min(len(content), offset + length)
        assert b"".join(self.store.read(name, offset, length)) == content[offset:end]
        verified = read_verified(self.store, name, digests_of(content), offset, end - offset)
        assert b"".join(verified) == content[offset:end]

    @rule(name=NAMES, cut=st.integers(0, 8))
    def list_prefix(self, name: str, cut: int) -> None:
        prefix = name[:cut]
        expected = sorted(other for other in self.model if other.startswith(prefix))
        assert [blob.name for blob in self.store.names(prefix)] == expected

    @rule()
    def check(self) -> None:
        self.store.check()

    @invariant()
    def lists_exactly_the_model(self) -> None:
        listed = [(blob.name, blob.size) for blob in self.store.names()]
        assert listed == sorted((name, len(content)) for name, content in self.model.items())


MACHINE_SETTINGS = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
