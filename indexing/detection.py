"""What kind of file it is, by its bytes alone: neither the sender's media type nor the file name is asked.

Runs in a throw-away process, like everything that touches a file as received.
"""

import re
import zipfile
from pathlib import Path
from typing import Final

import olefile
import puremagic

from indexing.media import EMPTY, HTML, KNOWN_FORMAT, LOCKED_OFFICE, MAIL, OLE, OUTLOOK, PDF, PLAIN, UNKNOWN, XML, ZIP

_HEAD: Final = 64 << 10
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
)
_BRANDS: Final = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"avif": "image/avif",
    b"avis": "image/avif",
}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS: Final = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__properties_version1.0": OUTLOOK,
    "EncryptedPackage": LOCKED_OFFICE,
}
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument."
_OPEN_XML_FOLDERS: Final = (
    ("word/", _OPEN_XML + "wordprocessingml.document"),
    ("xl/", _OPEN_XML + "spreadsheetml.sheet"),
    ("ppt/", _OPEN_XML + "presentationml.presentation"),
)
_OPEN_DOCUMENT: Final = re.compile(rb"application/(vnd\.oasis\.opendocument\.[a-z-]+|epub\+zip)")
_MAIL_FIELD: Final = re.compile(
    rb"^(received|from|to|return-path|mime-version|date|subject|message-id|delivered-to|content-type):", re.IGNORECASE
)
_TEXT_CONTROLS: Final = frozenset(range(32)) - {7, 8, 9, 10, 12, 13, 27}


def detect(path: Path) -> str:
    """The media type of a file by its content; `UNKNOWN` when nothing fits."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return EMPTY
    if b"%PDF-" in head[:1024]:
        return PDF
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    return _container(head, path) or _text(head) or _other(head)


def _container(head: bytes, path: Path) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12])
    if head.startswith(_OLE):
        return _ole(path)
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _zipped(path)
    return None


def _ole(path: Path) -> str:
    """What lies at the root tells; deeper down a letter may well carry a workbook, or a mail a letter."""
    try:
        with olefile.OleFileIO(path) as container:
            names = {entry[0] for entry in container.listdir() if len(entry) == 1}
    except (OSError, ValueError, TypeError, IndexError):
        return OLE
    return next((media_type for name, media_type in _OLE_STREAMS.items() if name in names), OLE)


def _zipped(path: Path) -> str:
    """Office files are ZIPs; their member names tell which, and the broken ones still begin with the declared type."""
    with path.open("rb") as file:
        declared = _OPEN_DOCUMENT.search(file.read(256))
    if declared:
        return declared[0].decode()
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return ZIP
    if "[Content_Types].xml" in names:
        for folder, media_type in _OPEN_XML_FOLDERS:
            if any(name.startswith(folder) for name in names):
                return media_type
    return ZIP


def _text(head: bytes) -> str | None:
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and any(byte in _TEXT_CONTROLS for byte in head):
        return None
    start = head.decode("utf-16", "replace").encode() if wide else head.removeprefix(b"\xef\xbb\xbf")
    opening = start.lstrip()[:1024].lower()
    if opening.startswith((b"<!doctype html", b"<html")) or re.match(
        rb"<\?xml[^>]*>\s*(<!doctype html|<html)", opening
    ):
        return HTML
    if opening.startswith(b"<?xml"):
        return XML
    fields = {field[1].lower() for line in start[:8192].splitlines()[:40] if (field := _MAIL_FIELD.match(line))}
    if len(fields) >= 3 and (_MAIL_FIELD.match(start) or start[:5] == b"From "):  # noqa: PLR2004 - a letter may have two
        return MAIL
    return PLAIN


def _other(head: bytes) -> str:
    """Whatever else a file may be is only told to people, never opened: a guess by its signature will do."""
    try:
        guesses = puremagic.magic_string(head[:4096])
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    return next((guess.mime_type for guess in guesses if KNOWN_FORMAT.fullmatch(guess.mime_type)), UNKNOWN)
