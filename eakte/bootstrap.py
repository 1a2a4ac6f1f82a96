"""Settings in, backends out: the only place that names a driver. Everything is reached through `Backends`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from eakte.audit import Ledger
from eakte.database import Database
from eakte.embedded import PrivateDatabase
from eakte.errors import SetupFailed
from eakte.oidc import Provider
from eakte.operations.directory import Directory, parse_groups
from eakte.operations.references import check_pattern
from eakte.operations.schema import has_heads, migrate, require_current
from eakte.settings import Settings
from eakte.transaction import Transactions
from indexing.embedded import EmbeddedIndex
from indexing.search import Condition, SearchIndex
from storage.blobs import BlobStore
from storage.local import LocalBlobStore


@dataclass(frozen=True, slots=True)
class Backends:
    """All that a process of one municipality uses. `private` is the embedded PostgreSQL, None with a server by URL.

    `provider` is the OIDC provider with the rules of what its groups give; None where none is set.
    """

    settings: Settings
    database: Database
    transactions: Transactions
    blobs: BlobStore
    search: SearchIndex
    private: PrivateDatabase | None
    provider: tuple[Provider, Directory] | None = None


@contextmanager
def open_backends(settings: Settings, *, say: Callable[[str], None], require_schema: bool = True) -> Iterator[Backends]:
    """Open everything the settings name, and close it in reverse order.

    With the private database the schema is brought up to date here, because nobody else would; a server's schema is
    changed by `eakte migrate` alone and refused when it is outdated.

    Raises SetupFailed, SchemaOutdated, Unavailable or EmbeddedError with a sentence for the operator.
    """
    check_pattern(settings.reference_pattern)
    provider = open_provider(settings)
    with ExitStack() as stack:
        private = None
        if settings.database_url is None:
            private = stack.enter_context(PrivateDatabase(settings.data_dir, say=say))
            url = private.url
        else:
            url = settings.database_url.get_secret_value()
        database = Database(url)
        stack.callback(database.close)
        database.check()
        if private is not None:
            migrate(database)
        elif require_schema:
            require_current(database)
        # A new key beside an old log would sign on as if nothing were missing: who restores must bring the key.
        ledger = Ledger.open(settings.audit_key_path, create=not has_heads(database))
        blobs = open_blobs(settings)
        stack.callback(blobs.close)
        search = open_search(settings)
        stack.callback(search.close)
        yield Backends(settings, database, Transactions(database, ledger), blobs, search, private, provider)


def open_blobs(settings: Settings) -> BlobStore:
    """The blob store of `EAKTE_STORAGE_URL`. Raises SetupFailed for an unknown scheme."""
    parts = urlsplit(settings.blob_url)
    if parts.scheme == "file":
        return LocalBlobStore(_path(parts.path))
    raise SetupFailed(f"EAKTE_STORAGE_URL: {parts.scheme}:// ist unbekannt; möglich ist file:///…")


def open_search(settings: Settings) -> SearchIndex:
    """The search index of `EAKTE_SEARCH_URL`, made when it is absent. Raises SetupFailed for an unknown scheme."""
    parts = urlsplit(settings.index_url)
    if parts.scheme == "tantivy":
        return EmbeddedIndex(_path(parts.path))
    raise SetupFailed(f"EAKTE_SEARCH_URL: {parts.scheme}:// ist unbekannt; möglich ist tantivy:///…")


def open_provider(settings: Settings) -> tuple[Provider, Directory] | None:
    """The OIDC provider of `EAKTE_OIDC_ISSUER`; nothing is asked of it yet. Raises SetupFailed."""
    if settings.oidc_issuer is None:
        return None
    provider = Provider(
        settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        scope=settings.oidc_scope,
        groups_claim=settings.oidc_groups_claim,
    )
    return provider, Directory(parse_groups(settings.oidc_groups), founds=settings.oidc_create_accounts)


def index_usable(search: SearchIndex) -> bool:
    """Whether the index can answer as it is."""
    return search.check() is Condition.READY


def _path(text: str) -> Path:
    path = Path(unquote(text))
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
