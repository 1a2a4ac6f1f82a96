"""Outlook's .msg (MS-OXMSG: properties in an OLE container) as a mail. Runs in a throw-away process.

It becomes a message as `mail` reads it, so that everything after is the same for both. Attachments keep their bytes; a
message inside the message is written as a mail, because its own bytes are no file of their own. Of a body that is there
as RTF alone the text is taken as well as can be.
"""

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import olefile

from indexing import mail
from indexing.errors import Refused
from indexing.text import decoded, html_decoded

_SUBJECT: Final = 0x0037
_SENDER: Final = 0x0C1A
_SENDER_SMTP: Final = (0x5D01, 0x0C1F)
_TO: Final = 0x0E04
_CC: Final = 0x0E03
_BODY: Final = 0x1000
_HTML: Final = 0x1013
_RTF: Final = 0x1009
_MESSAGE_ID: Final = 0x1035
_SUBMITTED: Final = 0x0039
_DELIVERED: Final = 0x0E06
_DATA: Final = 0x3701
_NAMES: Final = (0x3707, 0x3704, 0x3001)
_CONTENT_ID: Final = 0x3712
_TEXT_TYPES: Final = ((0x001F, "utf-16-le"), (0x001E, None))
_BINARY: Final = 0x0102
_OBJECT: Final = 0x000D
_TIME: Final = 0x0040
_HEADERS: Final = {0: 32, 1: 24}
"""Bytes before the fixed properties: at the root, in a message inside a message (MS-OXMSG section 2.4)."""

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_DEEPEST: Final = 5
_STREAM_BYTES: Final = 256 << 20


def read(source: str, folder: str, *, most: int) -> Iterator[dict[str, Any]]:
    """Read a message; text and attachments are left as `readings` says."""
    try:
        with olefile.OleFileIO(source) as container:
            message = _message(container, (), 0)
    except (OSError, ValueError, TypeError, IndexError, struct.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Refused("Die Outlook-Datei ist beschädigt und lässt sich nicht öffnen.") from error
    yield mail.tell(message, Path(folder), most)


def _message(container: Any, at: tuple[str, ...], depth: int) -> EmailMessage:
    message = EmailMessage(policy=SMTP.clone(refold_source="none"))
    sender, address = (
        _text(container, at, _SENDER),
        next(filter(None, (_text(container, at, t) for t in _SENDER_SMTP)), ""),
    )
    for name, value in (
        ("Subject", _text(container, at, _SUBJECT)),
        ("From", f"{sender} <{address}>" if sender and "@" in address and address != sender else sender or address),
        ("To", _text(container, at, _TO)),
        ("Cc", _text(container, at, _CC)),
        ("Message-ID", _text(container, at, _MESSAGE_ID)),
    ):
        if plain := " ".join(value.split()):
            # Past the parser of addresses: what people typed into these fields need not be any.
            message._headers.append((name, plain))  # type: ignore[attr-defined]  # noqa: SLF001
    if (moment := _moment(container, at, depth)) is not None:
        message["Date"] = format_datetime(moment)
    _add_body(message, container, at)
    for storage in _attachments(container, at):
        _attach(message, container, storage, depth)
    return message


def _add_body(message: EmailMessage, container: Any, at: tuple[str, ...]) -> None:
    plain = _text(container, at, _BODY)
    markup = html_decoded(_stream(container, at, _HTML, _BINARY)) or _text(container, at, _HTML)
    if not plain and not markup:
        plain = rtf_text(_stream(container, at, _RTF, _BINARY))
    message.set_content(plain.replace("\r\n", "\n") or "\n")
    if markup:
        message.add_alternative(markup, subtype="html")


def _attach(message: EmailMessage, container: Any, at: tuple[str, ...], depth: int) -> None:
    name = next(filter(None, (_text(container, at, tag) for tag in _NAMES)), "")
    inner = (*at, f"__substg1.0_{_DATA:04X}{_OBJECT:04X}")
    if container.exists([*inner, "__properties_version1.0"]):
        if depth < _DEEPEST:
            message.add_attachment(_message(container, inner, depth + 1), filename=f"{name or 'Nachricht'}.eml")
        return
    content = _stream(container, at, _DATA, _BINARY)
    identity = _text(container, at, _CONTENT_ID).strip("<>\r\n ")
    image = next((kind for start, kind in _IMAGES if content.startswith(start)), None)
    message.add_attachment(
        content, maintype="image" if image else "application", subtype=image or "octet-stream", filename=name or None
    )
    if identity:
        *_, part = message.iter_attachments()
        part["Content-ID"] = f"<{identity}>"
        # Otherwise every attachment would count as one, also the logos of the text.
        part.replace_header("Content-Disposition", f'inline; filename="{name}"')


_IMAGES: Final = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))


def _attachments(container: Any, at: tuple[str, ...]) -> list[tuple[str, ...]]:
    depth = len(at)
    found = {
        tuple(entry[: depth + 1])
        for entry in container.listdir()
        if tuple(entry[:depth]) == at and len(entry) > depth + 1 and entry[depth].startswith("__attach_version1.0_")
    }
    return sorted(found)


def _stream(container: Any, at: tuple[str, ...], tag: int, kind: int) -> bytes:
    path = [*at, f"__substg1.0_{tag:04X}{kind:04X}"]
    if not container.exists(path) or container.get_type(path) != olefile.STGTY_STREAM:
        return b""
    if container.get_size(path) > _STREAM_BYTES:
        raise Refused("Die Outlook-Datei enthält eine zu große Anlage.")
    content: bytes = container.openstream(path).read()
    return content


def _text(container: Any, at: tuple[str, ...], tag: int) -> str:
    for kind, encoding in _TEXT_TYPES:
        if content := _stream(container, at, tag, kind):
            return (content.decode(encoding, "replace") if encoding else decoded(content)).strip("\0")
    return ""


def _moment(container: Any, at: tuple[str, ...], depth: int) -> datetime | None:
    """When it was sent, else delivered: 100 ns since 1601, UTC (MS-DTYP section 2.3.3)."""
    path = [*at, "__properties_version1.0"]
    content = container.openstream(path).read() if container.exists(path) else b""
    found = {}
    for start in range(_HEADERS[min(depth, 1)], len(content) - 15, 16):
        tag, _flags, value = struct.unpack_from("<IIQ", content, start)
        found[tag] = value
    for name in (_SUBMITTED, _DELIVERED):
        if value := found.get((name << 16) | _TIME):
            try:
                return _EPOCH + timedelta(microseconds=value // 10)
            except OverflowError:
                return None
    return None


_DICTIONARY: Final = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"Symbol"
    rb"ArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_WINDOW: Final = 4096
_MOST_TEXT: Final = 8 << 20


def rtf_text(packed: bytes) -> str:
    """The text of a body in compressed RTF (MS-OXRTFCP), roughly: groups of settings are left out."""
    rtf = _unpacked(packed).decode("cp1252", "replace")
    rtf = re.sub(r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "", rtf)
    rtf = re.sub(r"\\(?:par|line)\b ?", "\n", rtf)
    rtf = re.sub(r"\\'([0-9a-fA-F]{2})", lambda code: bytes.fromhex(code[1]).decode("cp1252", "replace"), rtf)
    rtf = re.sub(r"\\u(-?\d{1,5}) ?\??", lambda code: chr(int(code[1]) % 0x10000), rtf)
    rtf = re.sub(r"\\[a-zA-Z]+-?\d* ?|[\r{}]", "", rtf)
    return rtf.replace("\\~", " ").strip()


def _unpacked(packed: bytes) -> bytes:
    if len(packed) < 16:  # noqa: PLR2004 - the length of its head
        return b""
    kind = packed[8:12]
    if kind == b"MELA":
        return packed[16:]
    if kind != b"LZFu":
        return b""
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\0"))
    place, position, text = len(_DICTIONARY), 16, bytearray()
    while position < len(packed) and len(text) < _MOST_TEXT:
        control = packed[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 2 > len(packed):
                    return bytes(text)
                reference = int.from_bytes(packed[position : position + 2], "big")
                position += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == place:
                    return bytes(text)
                for step in range(length):
                    window[place] = window[(offset + step) % _WINDOW]
                    text.append(window[place])
                    place = (place + 1) % _WINDOW
            elif position < len(packed):
                text.append(packed[position])
                window[place] = packed[position]
                place = (place + 1) % _WINDOW
                position += 1
    return bytes(text)
