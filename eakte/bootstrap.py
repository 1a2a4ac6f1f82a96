"""Settings in, backends out: the only place that names a driver. Everything is reached through `Backends`.

What loads the SDK of a server is imported where the settings name that server: it is a good second of the start of each
process and command.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from eakte.audit import Ledger
from eakte.database import Database
from eakte.embedded import PrivateDatabase
from eakte.errors import SetupFailed
from eakte.language import _
from eakte.operations.directory import Directory, parse_groups
from eakte.operations.entries import index_pending, rebuild
from eakte.operations.references import check_letter_pattern, check_pattern
from eakte.operations.schema import has_heads, migrate, require_current
from eakte.operations.screening import Screen
from eakte.settings import Settings
from eakte.signing import LocalProvider, SignatureProvider
from eakte.terms import Actor
from eakte.transaction import Transactions
from indexing.clamav import Clamd
from indexing.embedded import EmbeddedIndex
from indexing.search import Condition, SearchIndex
from storage.blobs import BlobStore
from storage.local import LocalBlobStore
from storage.s3_words import S3Location

if TYPE_CHECKING:
    from eakte.oidc import Provider
    from indexing.opensearch import Address
    from storage.s3_worm import Probe

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Backends:
    """All that a process of one municipality uses.

    `private` is the embedded PostgreSQL, None with a server by URL; `scanner` looks for viruses, None without one;
    `provider` is the OIDC provider with the rules of what its groups give, None where none is set; `signatures` signs
    versions of documents.
    """

    settings: Settings
    database: Database
    transactions: Transactions
    blobs: BlobStore
    search: SearchIndex
    private: PrivateDatabase | None
    scanner: Clamd | None
    provider: tuple[Provider, Directory] | None
    signatures: SignatureProvider

    def screen(self, actor: Actor, *beside: uuid.UUID) -> Screen:
        """What every file passes on its way into the store; `beside` are the objects whose history shall know."""
        return Screen(self.scanner, self.transactions, actor, beside)


@contextmanager
def open_backends(settings: Settings, *, say: Callable[[str], None], require_schema: bool = True) -> Iterator[Backends]:
    """Open everything the settings name, and close it in reverse order.

    With the private database the schema is brought up to date here, because nobody else would; a server's schema is
    changed by `eakte migrate` alone and refused when it is outdated.

    Raises SetupFailed, SchemaOutdated, Unavailable or EmbeddedError with a sentence for the operator.
    """
    check_pattern(settings.reference_pattern)
    scanner = open_scanner(settings)
    check_letter_pattern(settings.letter_pattern)
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
        fresh = not has_heads(database)
        ledger = Ledger.open(settings.audit_key_path, create=fresh)
        # Likewise a new bucket beside an old log: a mistyped name must not look like a store without blobs.
        blobs = open_blobs(settings, fresh=fresh)
        stack.callback(blobs.close)
        search = open_search(settings)
        stack.callback(search.close)
        yield Backends(
            settings=settings,
            database=database,
            transactions=Transactions(database, ledger),
            blobs=blobs,
            search=search,
            private=private,
            scanner=scanner,
            provider=provider,
            signatures=LocalProvider(settings.signing_key_path, holder=settings.municipality),
        )


def open_blobs(settings: Settings, *, fresh: bool) -> BlobStore:
    """The blob store of `EAKTE_STORAGE_URL`; a bucket is made only for a fresh municipality. Raises SetupFailed."""
    url = settings.blob_url.get_secret_value()
    parts = _split(url)
    if parts.scheme == "file":
        return LocalBlobStore(_path(parts.path))
    if parts.scheme == "s3":
        from storage.s3 import S3BlobStore  # noqa: PLC0415 - loads an SDK

        return S3BlobStore(s3_location(url), create=fresh)
    raise _wrong(
        _(
            "%(scheme)s:// ist unbekannt; möglich sind file:///… und s3://…",
            scheme=parts.scheme or _("(nichts)"),
        )
    )


def probe_locks(settings: Settings) -> Iterator[Probe]:
    """Try whether the storage's locks hold. Raises SetupFailed where it has none, StorageUnavailable if it is away."""
    url = settings.blob_url.get_secret_value()
    if _split(url).scheme != "s3":
        raise _wrong(_("nur eine Ablage in S3 kann Dateien sperren"))
    from storage import s3_worm  # noqa: PLC0415 - loads an SDK

    return s3_worm.probe_locks(s3_location(url))


def s3_location(url: str) -> S3Location:
    """Server, bucket and keys of `s3://KEY:SECRET@host:port/bucket?region=…&tls=on|off`.

    Keys that are not in the URL come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. TLS is on but for this machine
    itself. Raises SetupFailed; no sentence quotes the URL, which holds the secret.
    """
    parts = _split(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise _wrong(_("es fehlt der Server: s3://SERVER/BUCKET"))
    bucket = parts.path.strip("/")
    if not _BUCKET.fullmatch(bucket):
        raise _wrong(_("nach dem Server fehlt der Name eines Buckets (3 bis 63 von a-z, 0-9, '.', '-')"))
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - {"region", "tls"})
    if unknown or parts.fragment:
        raise _wrong(_("%(options)s ist unbekannt; möglich sind region und tls", options=", ".join(unknown) or "#"))
    tls = _tls(options, parts.hostname)
    if tls is None:
        raise _wrong(_("tls ist on oder off"))
    access, secret = unquote(parts.username or ""), unquote(parts.password or "")
    if not access and not secret:
        access, secret = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not access or not secret:
        raise _wrong(_("Schlüssel fehlen: s3://KEY:SECRET@… oder AWS_ACCESS_KEY_ID und AWS_SECRET_ACCESS_KEY"))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return S3Location(
        host=f"{host}:{parts.port}" if parts.port else host,
        bucket=bucket,
        access_key=access,
        secret_key=secret,
        region=options.get("region") or "us-east-1",
        tls=tls,
    )


def open_search(settings: Settings) -> SearchIndex:
    """The search index of `EAKTE_SEARCH_URL`, made when it is absent. Raises SetupFailed for an unknown scheme."""
    parts = urlsplit(settings.index_url)
    if parts.scheme == "tantivy":
        return EmbeddedIndex(_path(parts.path))
    if parts.scheme == "opensearch":
        from indexing.opensearch import OpenSearchIndex  # noqa: PLC0415 - loads an SDK

        return OpenSearchIndex(_opensearch_address(settings.index_url))
    raise SetupFailed(
        _(
            "EAKTE_SEARCH_URL: %(scheme)s:// ist unbekannt; möglich sind tantivy:///… und opensearch://…",
            scheme=parts.scheme,
        )
    )


def _opensearch_address(url: str) -> Address:
    """`opensearch://USER:PASSWORD@host:port/prefix?tls=on|off&ca=FILE` in parts; no message repeats the URL.

    Without `tls` the connection is encrypted, except to this very machine.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 9200
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise SetupFailed(_("EAKTE_SEARCH_URL ist keine gültige Adresse (Rechner, Anschluss, Optionen).")) from None
    prefix = parts.path.strip("/") or "eakte"
    if not host:
        raise SetupFailed(_("EAKTE_SEARCH_URL: Der Rechner fehlt: opensearch://rechner:9200/eakte"))
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", prefix):
        raise SetupFailed(_("EAKTE_SEARCH_URL: Der Name nach dem / besteht aus Kleinbuchstaben, Ziffern, - und _."))
    if unknown := sorted(options.keys() - {"tls", "ca"}):
        raise SetupFailed(
            _(
                "EAKTE_SEARCH_URL: unbekannte Option %(option)s; möglich sind tls=on|off und ca=DATEI.",
                option=unknown[0],
            )
        )
    tls = _tls(options, host)
    if tls is None:
        raise SetupFailed(_("EAKTE_SEARCH_URL: tls ist on oder off."))
    ca = Path(options["ca"]) if "ca" in options else None
    if ca is not None and not (tls and ca.is_file()):
        raise SetupFailed(_("EAKTE_SEARCH_URL: ca nennt eine vorhandene Datei mit Zertifikaten und gehört zu tls=on."))
    user = unquote(parts.username) if parts.username else None
    from indexing.opensearch import Address  # noqa: PLC0415 - loads an SDK

    return Address(host, port, prefix, tls, ca, user, unquote(parts.password or ""))


def _tls(options: Mapping[str, str], host: str) -> bool | None:
    """Whether a connection is encrypted: as the address says, else but to this very machine. None for another word."""
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    return {"on": True, "off": False}.get(options.get("tls", "off" if here else "on"))


def open_scanner(settings: Settings) -> Clamd | None:
    """The virus scanner of `EAKTE_CLAMAV_URL`; whether it answers is asked when it is needed. Raises SetupFailed."""
    if settings.clamav_url is None:
        return None
    try:
        return Clamd(settings.clamav_url)
    except ValueError:
        raise SetupFailed(_("EAKTE_CLAMAV_URL: möglich sind tcp://host:port und unix:///…")) from None


def open_provider(settings: Settings) -> tuple[Provider, Directory] | None:
    """The OIDC provider of `EAKTE_OIDC_ISSUER`; nothing is asked of it yet. Raises SetupFailed."""
    if settings.oidc_issuer is None:
        return None
    from eakte.oidc import Provider  # noqa: PLC0415 - loads an SDK

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


def update_index(backends: Backends) -> int:
    """Build the index anew when it cannot answer, then bring it up to date. Returns how many entries were written."""
    if not index_usable(backends.search):
        for _done, _total in rebuild(backends.transactions, backends.blobs, backends.search):
            pass
    return index_pending(backends.transactions, backends.blobs, backends.search)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - computed only when asked for, and may be no number
    except ValueError:
        # The error quotes what may be the secret: a "/" in it must be written %2F.
        raise _wrong(_("die Adresse ist nicht lesbar; Sonderzeichen in Schlüsseln als %%XX schreiben")) from None
    return parts


def _wrong(sentence: str) -> SetupFailed:
    return SetupFailed(_("EAKTE_STORAGE_URL: %(sentence)s", sentence=sentence))


def _path(text: str) -> Path:
    path = Path(unquote(text))
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
