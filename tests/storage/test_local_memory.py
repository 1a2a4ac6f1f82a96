"""Memory stays flat, however large the blob or the listing."""

import subprocess
import sys
from pathlib import Path

import pytest

import storage

# VmHWM, not ru_maxrss: the latter starts with what the parent had when the child was started.
PRELUDE = """
import sys
from pathlib import Path
from storage.verified import VerifiedReader, read_verified
from storage.local import LocalBlobStore

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024

store = LocalBlobStore(Path(sys.argv[1]))
store.put("warm", [b"x"])
before = peak()
"""

STREAM = """
size = 300 * 2**20
block = bytes(range(256)) * 4096
digests = store.put("big", (bytes([number % 256]) + block[1:] for number in range(300)))
assert digests.size == size
assert sum(len(piece) for piece in read_verified(store, "big", digests)) == size
assert store.put("big", (bytes([number % 256]) + block[1:] for number in range(300))) == digests
with VerifiedReader(store, "big", digests) as reader:
    buffer = bytearray(2**20)
    assert sum(iter(lambda: reader.readinto(buffer), 0)) == size
print(peak() - before)
"""

LISTING = """
import os
from storage import local
local._LISTING_PAGE = 1000
folder = Path(sys.argv[1]) / "blobs"
name = "0190c5a0-7d31-7c55-b8a4-000000%06d"
for number in range(20_000):
    os.link(folder / "warm", folder / (name % number))
before = peak()
assert sum(1 for _ in store.names()) == 20_001
print(peak() - before)
"""


def grown(script: str, folder: Path) -> float:
    """MiB that the script's process grew at most."""
    result = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, str(folder)],
        cwd=Path(str(storage.__file__)).parents[1],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return float(result.stdout)


@pytest.mark.parametrize(("script", "allowed"), [(STREAM, 60), (LISTING, 5)], ids=["300 MiB", "20,000 names"])
def test_memory_is_flat(tmp_path: Path, script: str, allowed: float) -> None:
    assert grown(script, tmp_path / "store") < allowed
