"""The way to the server: address, time limits, second tries, and every failure as an error of ours.

What the server cannot say at the moment is `SearchUnavailable`, never an empty answer: an answer of which a shard is
missing, or that was cut off by time, is a failure too.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import (
    ConnectionTimeout,
    ImproperlyConfigured,
    OpenSearchException,
    SerializationError,
    TransportError,
)

from indexing.search_errors import SearchError, SearchUnavailable

T = TypeVar("T")

SECONDS = 30.0
"""For one request that changes something."""

QUESTION_SECONDS = 8.0
"""For one question; it takes a hundredth of it, and a person waits for the answer."""

BULK_SECONDS = 120.0
"""For one request of many documents."""

PAUSES = (0.1, 0.5)
"""Seconds before the second and the third try of a request that changes nothing or may be said twice."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is and how it is spoken to.

    Attributes:
        host: name or number.
        port: of HTTP.
        prefix: begins the name of every index and alias: small letters, digits, `-` and `_`.
        tls: whether the connection is encrypted; the certificate is always checked then.
        ca: file with the authorities to trust instead of the machine's.
        user: None where the server asks for none.
        password: never shown.
    """

    host: str
    port: int
    prefix: str
    tls: bool = True
    ca: Path | None = None
    user: str | None = None
    password: str = field(default="", repr=False)


class Missing(Exception):
    """An index or alias that was named does not exist (any more). Never leaves this package."""


class Conflict(Exception):
    """The state of the cluster is another one than the request assumed. Never leaves this package."""


_BY_STATUS: Mapping[Any, type[Exception]] = {400: SearchError, 404: Missing, 409: Conflict}
"""What a status means; every other one (401, 403, 429, 5xx) says that the server does not serve us now."""


class _Slow(SearchUnavailable):
    """No answer in time. Not asked again: whoever waits has waited long enough, and the server has enough to do."""


class Connection:
    """A client of the server; may be used by many threads."""

    def __init__(self, address: Address) -> None:
        self._waiting = threading.Event()
        # The library tells every failed request with its traceback; we say the same once, in a sentence.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        options: dict[str, Any] = {}
        if address.tls:
            options = {"use_ssl": True, "verify_certs": True, "ssl_assert_hostname": address.host}
            if address.ca is not None:
                options["ca_certs"] = str(address.ca)
        if address.user is not None:
            options["http_auth"] = (address.user, address.password)
        try:
            self.client = OpenSearch(
                hosts=[{"host": address.host, "port": address.port}],
                timeout=SECONDS,
                pool_maxsize=16,
                # Second tries are ours (`ask`): the library's come at once, and hit a server that is down again.
                max_retries=0,
                **options,
            )
        except (ImproperlyConfigured, OSError) as error:
            raise SearchUnavailable(f"The connection to OpenSearch cannot be set up: {error}") from error

    def ask(self, request: Callable[[OpenSearch], T]) -> T:
        """Send a request that may be sent twice, and try again where that may help.

        Raises:
            SearchUnavailable: the server is away, slow, full, overloaded, or refuses us.
            SearchError: the server says that the request is wrong.
            Missing: what it names does not exist.
            Conflict: the state is not the one it assumed.
        """
        for pause in PAUSES:
            try:
                return self.once(request)
            except _Slow:
                raise
            except (SearchUnavailable, Missing):
                # A generation that is dropped in the middle of a question answers like a broken one; then the next
                # try meets the new one.
                self._waiting.wait(pause)
        return self.once(request)

    def once(self, request: Callable[[OpenSearch], T]) -> T:
        """Send a request; for what has second tries of its own. Raises as `ask`."""
        try:
            answer = request(self.client)
        except OpenSearchException as error:
            raise _meaning(error) from error
        if isinstance(answer, Mapping):
            _require_whole(answer)
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()


def _require_whole(answer: Mapping[str, Any]) -> None:
    shards = answer.get("_shards") or {}
    if answer.get("timed_out") or shards.get("failed"):
        raise SearchUnavailable("OpenSearch gave a part of the answer only.")


def _meaning(error: OpenSearchException) -> Exception:
    """Our error for one of the library. Its texts name hosts and indexes, never passwords."""
    if isinstance(error, ConnectionTimeout):
        return _Slow("OpenSearch does not answer in time.")
    if isinstance(error, NoConnection | SerializationError):
        return SearchUnavailable("OpenSearch does not answer.")
    if not isinstance(error, TransportError):
        return SearchError(f"OpenSearch: {error}")
    kind = _BY_STATUS.get(error.status_code, SearchUnavailable)
    if error.error == "index_closed_exception":
        kind = SearchUnavailable
    return kind(f"OpenSearch: {error.status_code} {error.error}")
