"""The system calls of the local driver, in one value, so that a test can let each of them fail once."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager


class Syscalls:
    """Exactly the calls that `storage.local` makes while it stores, reads, lists and deletes.

    Nothing is added to the functions of `os`: same arguments, same `OSError`. Tests derive from this class and let
    the n-th call fail or the machine "lose power" after it; the driver calls nothing of `os` besides it (a test
    reads the driver's source for that), so a step added to `put` is failed by the same tests without a change.
    """

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    write = staticmethod(os.write)
    pread = staticmethod(os.pread)
    fchmod = staticmethod(os.fchmod)
    fsync = staticmethod(os.fsync)
    fstat = staticmethod(os.fstat)
    stat = staticmethod(os.stat)
    link = staticmethod(os.link)
    unlink = staticmethod(os.unlink)
    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)

    def scandir(self, folder: int) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """Entries of an open folder, in no order."""
        return os.scandir(folder)
