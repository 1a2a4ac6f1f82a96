"""Blobs as files in a folder of a local (or reliably mounted) POSIX file system.

    root/blobs/{name}         complete blobs, read-only; folders are the segments of the name
    root/unfinished/{random}  what is being written, and what interrupted writes left behind

A blob gets its name by link(2), which creates and never replaces. Everything below the root is reached folder by
folder without following symbolic links, so no name and no planted link leads outside.
"""

import errno
import heapq
import os
import secrets
import shutil
import stat
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from storage.blobs import BlobStat, Digests, Hasher, validate_name, validate_prefix
from storage.errors import (
    BlobConflict,
    BlobMissing,
    BlobTooLarge,
    InvalidBlobName,
    RangeNotSatisfiable,
    StorageFull,
    StorageUnavailable,
)
from storage.syscalls import Syscalls
from storage.verified import probe

CHUNK_SIZE: Final = 2**20
"""Bytes a piece when reading."""

_BLOBS: Final = "blobs"
_UNFINISHED: Final = "unfinished"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW
_PRIVATE: Final = 0o700
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}
# Nothing there, or something that is not a folder on the way, or a symbolic link: in each case no blob.
_ABSENT: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_LISTING_PAGE: Final = 50_000
_ATTEMPTS: Final = 100
_SYSTEM: Final = Syscalls()


@dataclass(frozen=True, slots=True)
class _Upload:
    """A finished file that waits for its name."""

    name: str
    temporary: str
    unfinished: int
    digests: Digests


class LocalBlobStore:
    """A `BlobStore` in a folder. Holds nothing open between calls; safe for threads and processes.

    Args:
        root: the store's folder; made if it is missing, with mode 0700. An existing folder must be empty or hold a
            store already.
        syscalls: replaced by tests only.

    Raises:
        StorageUnavailable: the folder cannot be made or holds something else.
    """

    def __init__(self, root: Path, syscalls: Syscalls = _SYSTEM) -> None:
        self._root = root.absolute()
        self._system = syscalls
        with _reported():
            self._prepare()

    def put(self, name: str, chunks: Iterable[bytes], *, limit: int | None = None) -> Digests:
        """See `BlobStore.put`."""
        validate_name(name)
        hasher = Hasher()
        with ExitStack() as stack:
            with _reported(name):
                unfinished = self._open_top(_UNFINISHED, stack)
                temporary = secrets.token_hex(16)
                file = self._system.open(temporary, _CREATE, 0o600, dir_fd=unfinished)
            stack.callback(self._discard, temporary, unfinished)
            stack.callback(self._close, file)
            # The caller's iterator runs outside `_reported`: its own OSError is not the store's.
            for chunk in chunks:
                hasher.update(chunk)
                if limit is not None and hasher.size > limit:
                    raise BlobTooLarge(name, f"more than {limit} bytes")
                with _reported(name):
                    self._write(file, chunk)
            digests = hasher.digests()
            with _reported(name):
                # Read-only against accidents; before fsync, which then keeps mode and bytes alike.
                self._system.fchmod(file, 0o400)
                self._system.fsync(file)
                self._publish(_Upload(name, temporary, unfinished, digests))
        return digests

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
        """See `BlobStore.read`; pieces of `CHUNK_SIZE`."""
        validate_name(name)
        return self._read(name, offset, length)

    def stat(self, name: str) -> BlobStat:
        """See `BlobStore.stat`."""
        validate_name(name)
        *folders, last = name.split("/")
        with _looked_up(name), self._folders(folders) as path:
            return _blob_stat(name, self._system.stat(last, dir_fd=path[-1], follow_symlinks=False))

    def delete(self, name: str) -> None:
        """See `BlobStore.delete`; folders that become empty go too."""
        validate_name(name)
        *folders, last = name.split("/")
        with _reported(name), suppress(FileNotFoundError, NotADirectoryError), self._folders(folders) as path:
            try:
                self._discard_links(last, path[-1])
                self._system.unlink(last, dir_fd=path[-1])
            except (FileNotFoundError, IsADirectoryError):
                pass  # also after a delete that was interrupted: what follows may still be missing
            self._system.fsync(path[-1])
        self._prune(folders)

    def names(self, prefix: str = "") -> Iterator[BlobStat]:
        """See `BlobStore.names`. Files that no valid name leads to are passed over."""
        validate_prefix(prefix)
        return self._names(prefix)

    def sweep(self, older_than: timedelta) -> int:
        """See `BlobStore.sweep`."""
        oldest = time.time() - older_than.total_seconds()
        removed = 0
        with _reported(), ExitStack() as stack:
            unfinished = self._open_top(_UNFINISHED, stack)
            for temporary in self._files(unfinished):
                with suppress(FileNotFoundError):
                    if self._system.stat(temporary, dir_fd=unfinished, follow_symlinks=False).st_mtime <= oldest:
                        self._system.unlink(temporary, dir_fd=unfinished)
                        removed += 1
        return removed

    def check(self) -> None:
        """See `BlobStore.check`."""
        probe(self)

    def free_bytes(self) -> int:
        """Bytes that this process may still write to the file system, by its own account."""
        with _reported():
            return shutil.disk_usage(self._root).free

    def close(self) -> None:
        """Nothing is held open; nothing to do."""

    # ------------------------------------------------------------------------------------------------ steps of a put

    def _write(self, file: int, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[self._system.write(file, view) :]

    def _publish(self, upload: _Upload) -> None:
        """Give the finished file its name, for good, or find the same bytes there."""
        *folders, last = upload.name.split("/")
        try:
            for _ in range(_ATTEMPTS):
                # A delete may remove a folder that it finds empty just before the link: then make it again.
                with suppress(FileNotFoundError), self._folders(folders, make=True) as path:
                    self._link_or_compare(upload, last, path[-1])
                    # All folders, also those found: another put may have made them and not have synced them yet.
                    for folder in reversed(path):
                        self._system.fsync(folder)
                    return
        except NotADirectoryError as error:
            raise BlobConflict(upload.name, "a blob or a link stands where a folder is needed") from error
        except OSError:
            self._prune(folders)
            raise
        raise StorageUnavailable(upload.name, "the unfinished file or its folder is removed again and again")

    def _link_or_compare(self, upload: _Upload, last: str, folder: int) -> None:
        try:
            self._system.link(
                upload.temporary, last, src_dir_fd=upload.unfinished, dst_dir_fd=folder, follow_symlinks=False
            )
        except FileExistsError:
            if not stat.S_ISREG(self._system.stat(last, dir_fd=folder, follow_symlinks=False).st_mode):
                raise BlobConflict(upload.name, "a folder or a link stands in its place") from None
            if self._digests(last, folder) != upload.digests:
                raise BlobConflict(upload.name) from None

    def _digests(self, last: str, folder: int) -> Digests:
        hasher = Hasher()
        with ExitStack() as stack:
            file = self._system.open(last, _READ, dir_fd=folder)
            stack.callback(self._close, file)
            while chunk := self._system.pread(file, CHUNK_SIZE, hasher.size):
                hasher.update(chunk)
        return hasher.digests()

    def _discard(self, temporary: str, unfinished: int) -> None:
        # What cannot be removed is harmless and goes with the next sweep.
        with suppress(OSError):
            self._system.unlink(temporary, dir_fd=unfinished)

    # --------------------------------------------------------------------------------------------- steps of the others

    def _read(self, name: str, offset: int, length: int | None) -> Generator[bytes, None, None]:
        *folders, last = name.split("/")
        with ExitStack() as stack:
            with _looked_up(name):
                with self._folders(folders) as path:
                    file = self._system.open(last, _READ, dir_fd=path[-1])
                stack.callback(self._close, file)
                size = _blob_stat(name, self._system.fstat(file)).size
            if not 0 <= offset <= size or (length is not None and length < 0):
                raise RangeNotSatisfiable(name, f"{length} bytes from {offset} of {size}")
            end = size if length is None else min(size, offset + length)
            while offset < end:
                with _reported(name):
                    chunk = self._system.pread(file, min(CHUNK_SIZE, end - offset), offset)
                if not chunk:
                    return
                yield chunk
                offset += len(chunk)

    def _discard_links(self, last: str, folder: int) -> None:
        """Remove the temporary that an interrupted put left beside its blob: it holds the same bytes."""
        found = self._system.stat(last, dir_fd=folder, follow_symlinks=False)
        if found.st_nlink == 1 or not stat.S_ISREG(found.st_mode):
            return
        with ExitStack() as stack:
            unfinished = self._open_top(_UNFINISHED, stack)
            for temporary in self._files(unfinished):
                with suppress(FileNotFoundError):
                    if self._system.stat(temporary, dir_fd=unfinished, follow_symlinks=False).st_ino == found.st_ino:
                        self._system.unlink(temporary, dir_fd=unfinished)

    def _prune(self, folders: Sequence[str]) -> None:
        """Remove the folders that are empty, innermost first; whatever hinders it, they do no harm."""
        for depth in range(len(folders), 0, -1):
            try:
                with self._folders(folders[: depth - 1]) as path:
                    self._system.rmdir(folders[depth - 1], dir_fd=path[-1])
            except FileNotFoundError:
                continue
            except (OSError, StorageUnavailable):
                return

    def _names(self, prefix: str) -> Iterator[BlobStat]:
        *folders, start = prefix.split("/")
        with _reported(), suppress(FileNotFoundError, NotADirectoryError), self._folders(folders) as path:
            yield from self._walk(path[-1], prefix.removesuffix(start), start)

    def _walk(self, folder: int, path: str, start: str = "") -> Iterator[BlobStat]:
        for key in self._sorted(folder, start):
            # What goes away meanwhile is passed over.
            with suppress(FileNotFoundError, NotADirectoryError):
                if key.endswith("/"):
                    with ExitStack() as stack:
                        child = self._system.open(key[:-1], _FOLDER, dir_fd=folder)
                        stack.callback(self._close, child)
                        yield from self._walk(child, path + key)
                else:
                    with suppress(InvalidBlobName, BlobMissing):
                        validate_name(path + key)
                        yield _blob_stat(path + key, self._system.stat(key, dir_fd=folder, follow_symlinks=False))

    def _sorted(self, folder: int, start: str) -> Iterator[str]:
        """Names in a folder, sorted; those of folders end in a slash, which puts them where their blobs belong.

        A folder may have millions of entries: it is read once a page of the smallest names that are still to come.
        """
        after = ""
        while True:
            with self._system.scandir(folder) as entries:
                keys = (e.name + "/" * e.is_dir(follow_symlinks=False) for e in entries if e.name.startswith(start))
                page = heapq.nsmallest(_LISTING_PAGE, (key for key in keys if key > after))
            yield from page
            if len(page) < _LISTING_PAGE:
                return
            after = page[-1]

    def _files(self, folder: int) -> Iterator[str]:
        with self._system.scandir(folder) as entries:
            yield from (entry.name for entry in entries if entry.is_file(follow_symlinks=False))

    # ------------------------------------------------------------------------------------------------------- folders

    def _open_top(self, name: str, stack: ExitStack) -> int:
        """Open `blobs` or `unfinished`. Without it the whole store is out of reach, not one blob missing."""
        try:
            folder = self._system.open(self._root / name, _FOLDER)
        except OSError as error:
            raise StorageUnavailable(detail=f"{self._root / name}: {error.strerror}") from error
        stack.callback(self._close, folder)
        return folder

    @contextmanager
    def _folders(self, folders: Sequence[str], *, make: bool = False) -> Iterator[list[int]]:
        """Open the folders on the way, outermost (`blobs`) first."""
        with ExitStack() as stack:
            path = [self._open_top(_BLOBS, stack)]
            for folder in folders:
                if make:
                    with suppress(FileExistsError):
                        self._system.mkdir(folder, _PRIVATE, dir_fd=path[-1])
                path.append(self._system.open(folder, _FOLDER, dir_fd=path[-1]))
                stack.callback(self._close, path[-1])
            yield path

    def _close(self, file: int) -> None:
        # Nothing depends on it: what was written is synced before. The descriptor is gone even when it fails.
        with suppress(OSError):
            self._system.close(file)

    def _prepare(self) -> None:
        missing = [folder for folder in (self._root, *self._root.parents) if not folder.exists()]
        if not missing:
            entries = {entry.name for entry in self._root.iterdir()} - {"lost+found"}
            if entries and _BLOBS not in entries:
                raise StorageUnavailable(detail=f"{self._root} holds other files: choose an empty folder")
        for folder in (*reversed(missing), self._root / _BLOBS, self._root / _UNFINISHED):
            folder.mkdir(_PRIVATE, exist_ok=True)
            self._sync(folder.parent)
        for folder in (self._root, self._root / _BLOBS, self._root / _UNFINISHED):
            if stat.S_IMODE(folder.stat().st_mode) != _PRIVATE:
                folder.chmod(_PRIVATE)

    def _sync(self, folder: Path) -> None:
        with ExitStack() as stack:
            opened = self._system.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(self._close, opened)
            self._system.fsync(opened)


def _blob_stat(name: str, found: os.stat_result) -> BlobStat:
    if not stat.S_ISREG(found.st_mode):
        raise BlobMissing(name, "a folder or a link stands in its place")
    return BlobStat(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


@contextmanager
def _reported(name: str = "") -> Iterator[None]:
    """Say the operating system's errors in the store's words."""
    try:
        yield
    except OSError as error:
        kind = StorageFull if error.errno in _NO_ROOM else StorageUnavailable
        raise kind(name, error.strerror or str(error)) from error


@contextmanager
def _looked_up(name: str) -> Iterator[None]:
    """The same where the blob is expected to be there."""
    with _reported(name):
        try:
            yield
        except OSError as error:
            if error.errno in _ABSENT:
                raise BlobMissing(name) from error
            raise
