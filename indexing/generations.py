"""The folder of the embedded index: generations side by side, one of them serving, one writer at a time.

```
CURRENT      name of the generation that serves
BUILDING     name of the generation that a rebuild fills
write.lock   held (flock) by whoever writes; freed by the kernel when its process dies
g-…/         a generation: the index's own files, LAYOUT with the version that made it, PROGRESS with how far its
             rebuild is
```

A pointer is replaced by rename, so that a reader sees the old generation or the new one and nothing between.
"""

import fcntl
import json
import os
import shutil
import struct
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from indexing.search import Rebuild
from indexing.search_errors import IndexAbsent, IndexDamaged, RebuildLost

CURRENT = "CURRENT"
BUILDING = "BUILDING"
LAYOUT = "LAYOUT"
PROGRESS = "PROGRESS"

_CHUNK = 1 << 20
_FOOTER = struct.Struct("<II")
_FOOTER_MAGIC = 1337
_PARTS = frozenset({"term", "idx", "pos", "fast", "fieldnorm", "store"})


class Generations:
    """The pointers and folders; knows nothing of what a generation holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only right to write; waits for whoever has it. Threads exclude one another too."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._folder / "write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def current(self) -> Path:
        """The folder that serves.

        Raises:
            IndexAbsent: no generation was ever finished.
            IndexDamaged: the pointer is broken.
        """
        found = self._pointed(CURRENT)
        if found is None:
            raise IndexAbsent("There is no search index yet.")
        return found

    def building(self) -> Path | None:
        """The folder that a rebuild fills, if one is under way."""
        return self._pointed(BUILDING)

    def require_building(self, rebuild: str) -> Path:
        """The folder of this rebuild.

        Raises:
            RebuildLost: another one was started, or it was given up.
        """
        found = self.building()
        if found is None or found.name != rebuild:
            raise RebuildLost(f"The rebuild {rebuild} is not the one under way.")
        return found

    def progress(self, path: Path) -> Rebuild:
        """How far the rebuild of this folder is; from the start where its mark cannot be read."""
        try:
            upto, done = json.loads((path / PROGRESS).read_bytes())
            return Rebuild(path.name, uuid.UUID(hex=upto), int(done))
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return Rebuild(path.name, None, 0)

    def note_progress(self, path: Path, upto: uuid.UUID, filled: int) -> None:
        """Keep how far the rebuild of this folder is. Needs the right to write."""
        mark = json.dumps([upto.hex, self.progress(path).done + filled]).encode()
        write_durably(path / f"{PROGRESS}.new", mark)
        (path / f"{PROGRESS}.new").replace(path / PROGRESS)

    def begin(self) -> Path:
        """Make a new empty folder; call `announce` when it can take puts. Needs the right to write."""
        path = self._folder / f"g-{uuid.uuid4().hex[:12]}"
        path.mkdir(mode=0o700)
        return path

    def announce(self, path: Path) -> None:
        """Let puts reach this folder too; an unfinished one before it is dropped. Needs the right to write."""
        self._point(BUILDING, path.name)
        self.sweep()

    def swap(self, path: Path) -> None:
        """Let this folder serve and drop the others. Needs the right to write."""
        self._point(CURRENT, path.name)
        (self._folder / BUILDING).unlink(missing_ok=True)
        self.sweep()

    def give_up(self) -> None:
        """Drop the folder of the rebuild. Needs the right to write."""
        (self._folder / BUILDING).unlink(missing_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Remove folders that no pointer names; what a process still reads stays readable to it."""
        kept = set()
        for pointer in (CURRENT, BUILDING):
            with suppress(IndexDamaged):
                kept.add(self._read(pointer))
        for path in self._folder.glob("g-*"):
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def _read(self, pointer: str) -> str | None:
        try:
            return (self._folder / pointer).read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise IndexDamaged(f"The file {pointer} of the search index is damaged.") from error

    def _pointed(self, pointer: str) -> Path | None:
        name = self._read(pointer)
        if name is None:
            return None
        path = self._folder / name
        if not name.startswith("g-") or "/" in name or not path.is_dir():
            raise IndexDamaged(f"The search index names the folder {name!r}, which is not there.")
        return path

    def _point(self, pointer: str, name: str) -> None:
        temporary = self._folder / f"{pointer}.new"
        write_durably(temporary, name.encode())
        temporary.replace(self._folder / pointer)
        sync_folder(self._folder)


def write_durably(path: Path, content: bytes) -> None:
    """Write a small file and wait until the disk has it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def files_intact(generation: Path) -> bool:
    """Read every committed file of a generation and compare it with the CRC-32 in its footer.

    The engine itself looks at a checksum only while it merges; a flipped bit elsewhere is a wrong answer. A footer is
    JSON, its length and a magic number, the last two as 32-bit little-endian numbers. What a killed writer left behind
    is in no commit and does not count.
    """
    try:
        segments = json.loads((generation / "meta.json").read_bytes())["segments"]
        names = {segment["segment_id"].replace("-", ""): segment["deletes"] for segment in segments}
    except (ValueError, KeyError, TypeError):
        return False
    expected = {
        f"{name}.{ending}"
        for name, deletes in names.items()
        for ending in (*_PARTS, f"{deletes['opstamp']}.del" if deletes else "")
    }
    return all(_intact(path) for path in generation.iterdir() if path.name in expected)


def _intact(path: Path) -> bool:
    size = path.stat().st_size
    if size < _FOOTER.size:
        return False
    with path.open("rb") as file:
        file.seek(size - _FOOTER.size)
        length, magic = _FOOTER.unpack(file.read(_FOOTER.size))
        body = size - _FOOTER.size - length
        if magic != _FOOTER_MAGIC or body < 0:
            return False
        file.seek(body)
        try:
            expected = json.loads(file.read(length))["crc"]
        except (ValueError, KeyError, TypeError):
            return False
        file.seek(0)
        crc = 0
        while body:
            chunk = file.read(min(body, _CHUNK))
            if not chunk:
                return False
            crc = zlib.crc32(chunk, crc)
            body -= len(chunk)
    return bool(crc == expected)
