"""Memory stays flat while a blob of unknown length goes to S3 and comes back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import storage
from storage.s3_words import S3Location
from tests.storage.s3_support import fresh_location

SIZE_MIB = 160
ALLOWED_MIB = 60

SCRIPT = """
import sys
from pathlib import Path
from storage.verified import read_verified
from storage.s3 import S3BlobStore
from storage.s3_words import S3Location

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024

host, bucket, access, secret, mib = sys.argv[1:]
store = S3BlobStore(S3Location(host, bucket, access, secret, tls=False))
store.put("warm", [b"x"])
before = peak()
block = bytes(range(256)) * 4096
digests = store.put("big", (bytes([number % 256]) + block[1:] for number in range(int(mib))))
assert digests.size == int(mib) * 2**20
assert sum(len(piece) for piece in read_verified(store, "big", digests)) == digests.size
assert store.put("big", (bytes([number % 256]) + block[1:] for number in range(int(mib)))) == digests
store.delete("big")
print(peak() - before)
"""


def grown(location: S3Location, mib: int) -> float:
    """MiB that a process grew at most which put, read and put again a blob."""
    arguments = [location.host, location.bucket, location.access_key, location.secret_key, str(mib)]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=Path(str(storage.__file__)).parents[1],
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    return float(done.stdout)


def test_memory_is_flat(minio: str) -> None:
    assert grown(fresh_location(minio), SIZE_MIB) < ALLOWED_MIB
