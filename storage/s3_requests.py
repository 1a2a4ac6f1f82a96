"""Signed requests to an S3 server over the SDK: sent, repeated, and listings followed page after page."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

import urllib3
from minio import Minio
from urllib3.response import BaseHTTPResponse

from storage.errors import StorageUnavailable
from storage.s3_answers import written, xml_of
from storage.s3_words import Patience


class Requests(Minio):
    """Requests with the keys of one location, over one pool of connections."""

    def ask(
        self,
        method: str,
        bucket: str,
        key: str = "",
        *,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> BaseHTTPResponse:
        """A signed request. Raises what the SDK and urllib3 raise."""
        return self._execute(
            method,
            bucket,
            key or None,
            body=body,
            headers=dict(headers or {}),
            query_params=dict(query or {}),
            preload_content=not stream,
        )

    def pages(
        self, bucket: str, query: Mapping[str, str], *markers: tuple[str, str], key: str = ""
    ) -> Iterator[ET.Element]:
        """Page after page of a listing; a page that leads nowhere new is an error, not a circle."""
        where: dict[str, str] = {}
        while True:
            with written(key):
                page = xml_of(self.ask("GET", bucket, key, query={**query, **where}))
            yield page
            if (page.findtext("{*}IsTruncated") or "").strip().lower() != "true":
                return
            following = {name: page.findtext(f"{{*}}{tag}") or "" for tag, name in markers}
            if page.findtext("{*}EncodingType") == "url" and "key-marker" in following:
                following["key-marker"] = unquote_plus(following["key-marker"])
            if following == where or not any(following.values()):
                raise StorageUnavailable(key, "the server's listing does not go on")
            where = following


def pool_of(patience: Patience, answer: float) -> urllib3.PoolManager:
    """Connections that wait `answer` seconds for an answer, and ask again as often as patience says."""
    retries = urllib3.Retry(
        total=patience.attempts - 1,
        redirect=0,
        # Also POST: what it begins twice, the sweep removes; what it completes twice is found completed.
        allowed_methods=None,
        status_forcelist=(500, 502, 503, 504),
        backoff_factor=0.2,
        backoff_max=2.0,
        backoff_jitter=0.1,
        respect_retry_after_header=False,
    )
    timeout = urllib3.Timeout(connect=patience.connect, read=answer)
    return urllib3.PoolManager(num_pools=4, maxsize=32, timeout=timeout, retries=retries, cert_reqs="CERT_REQUIRED")


def digest_of(body: bytes) -> dict[str, str]:
    """The header by which the server sees that a body arrived whole.

    S3 asks for it beside locks, and the SDK sends none on plain HTTP.
    """
    return {"Content-MD5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}
