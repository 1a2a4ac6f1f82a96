"""What tests of the S3 driver share: a fresh bucket a test, and its bytes past the driver."""

from __future__ import annotations

import io
import secrets
from urllib.parse import urlsplit

from minio import Minio
from minio.deleteobjects import DeleteObject

from storage.s3 import S3BlobStore
from storage.s3_words import Patience, S3Location

QUICK = Patience(connect=2.0, answer=20.0, attempts=4)


def fresh_location(server: str, bucket: str | None = None) -> S3Location:
    """A bucket that nobody used before, on a server by its URL."""
    parts = urlsplit(server)
    return S3Location(
        host=f"{parts.hostname}:{parts.port}",
        bucket=bucket or f"test-{secrets.token_hex(8)}",
        access_key=parts.username or "",
        secret_key=parts.password or "",
        tls=False,
    )


def client_of(location: S3Location) -> Minio:
    """The bare SDK on the same server."""
    return Minio(location.host, location.access_key, location.secret_key, secure=False, region=location.region)


class S3Raw:
    """The bytes behind the store, by the bare SDK. Replacing makes another version, as for anybody."""

    def __init__(self, location: S3Location) -> None:
        self.bucket = location.bucket
        self.client = client_of(location)

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(self.bucket, name, io.BytesIO(content), len(content))

    def read(self, name: str) -> bytes:
        answer = self.client.get_object(self.bucket, name)
        try:
            return answer.read()
        finally:
            answer.close()
            answer.release_conn()

    def names(self) -> set[str]:
        return {str(found.object_name) for found in self.client.list_objects(self.bucket, recursive=True)}

    def interrupt(self, name: str, content: bytes) -> None:
        upload = self.client._create_multipart_upload(self.bucket, name, {})
        self.client._upload_part(self.bucket, name, content, {}, upload, 1)

    def unfinished(self) -> int:
        return len(self.client._list_multipart_uploads(self.bucket).uploads)

    def hide(self, name: str) -> None:
        """Delete as most programs do: on a bucket with versions the bytes stay, under a marker."""
        self.client.remove_object(self.bucket, name)

    def delete_versions(self, name: str, versions: list[str | None]) -> None:
        list(self.client.remove_objects(self.bucket, [DeleteObject(name, version) for version in versions]))


def new_store(location: S3Location, *, create: bool = True) -> S3BlobStore:
    """A store that does not wait long."""
    return S3BlobStore(location, create=create, patience=QUICK)
