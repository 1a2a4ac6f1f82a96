"""What can go wrong in a blob store: one small hierarchy, no HTTP, no driver's own exceptions."""


class StorageError(Exception):
    """The blob store failed.

    The first line of a class's docstring is its message; every subclass has its own.

    Args:
        name: the blob it is about; empty when it is about the store as a whole.
        detail: what exactly was found, for the log and the administrator.
    """

    def __init__(self, name: str = "", detail: str = "") -> None:
        super().__init__(name, detail)
        self.name = name
        self.detail = detail

    def __str__(self) -> str:
        # python -OO strips docstrings: the class name still says what happened.
        message = (type(self).__doc__ or type(self).__name__).partition("\n")[0].rstrip(".")
        if self.name:
            message = f"{message}: {self.name}"
        return f"{message} ({self.detail})" if self.detail else message


class InvalidBlobName(StorageError, ValueError):
    """This is not a valid name for a blob.

    Permanent: the caller made the name.
    """


class RangeNotSatisfiable(StorageError, ValueError):
    """The blob does not have the bytes that were asked for.

    Permanent: the caller chose the range.
    """


class BlobMissing(StorageError):
    """There is no blob of this name.

    Permanent until somebody puts it. Never raised because the store as a whole is out of reach.
    """


class BlobConflict(StorageError):
    """Other bytes are already stored under this name.

    Permanent: what is stored stays as it is. Also raised when a blob stands where the name needs a folder.
    """


class BlobDamaged(StorageError):
    """The stored bytes are not the bytes that were filed.

    Permanent: reading again finds the same. Raised before any byte of the damaged block is handed out.
    """


class BlobLocked(StorageError):
    """A retention period or a legal hold of the storage forbids removing this blob.

    Passes when the period ends or the hold is lifted; the blob is whole.
    """


class BlobTooLarge(StorageError):
    """The blob is larger than allowed.

    Permanent; nothing of it is kept.
    """


class StorageFull(StorageError):
    """The storage has no room left.

    Passes when room is made; the call may then be repeated as it was.
    """


class StorageUnavailable(StorageError):
    """The storage cannot be used at the moment.

    May pass; the call may be repeated as it was.
    """
