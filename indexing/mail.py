"""Mail (RFC 5322, MIME) as a letter: heads, the best text, and its attachments. Runs in a throw-away process.

Which part is what (docs/adr/0009-attachments.md gives the reasons):

- text without a file name is the letter; of alternatives the plain one, unless the HTML says much more;
- a small image to which the HTML refers belongs to the text (logos of signatures) and stays in the original;
- signatures (S/MIME, PGP) are looked at, not taken; everything else is an attachment, also a mail inside the mail.

Nothing is fetched, nothing in HTML runs: only its text is taken. Python's newer header parser raises on some malformed
headers, so the old policy reads them, which never does.
"""

import contextlib
import email
import email.header
import email.utils
import io
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms

from indexing.errors import Refused
from indexing.readings import Said, shown, sizes
from indexing.text import decoded, html_decoded, html_text

INLINE_BYTES: Final = 64 << 10
"""An image that the text refers to is part of it below this size: logos have 2 to 40 kB, photographs more."""

_SIGNATURES: Final = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
)
_ENVELOPES: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_REFERENCE: Final = re.compile(r"cid:([^\"'\s>)]{1,200})", re.IGNORECASE)
_MUCH_MORE: Final = 3
_HEADS: Final = (
    ("Von", "from"),
    ("An", "to"),
    ("Kopie", "cc"),
    ("Blindkopie", "bcc"),
    ("Datum", "date"),
    ("Betreff", "subject"),
)
_DEEPEST: Final = 50
_TOO_DEEP: Final = "Die E-Mail ist zu tief verschachtelt."


def read(source: str, folder: str, *, most: int) -> Iterator[dict[str, Any]]:
    """Read a mail; its text and attachments are left as `readings` says."""
    try:
        message = email.message_from_bytes(Path(source).read_bytes(), policy=compat32)
    except RecursionError as error:
        raise Refused(_TOO_DEEP) from error
    yield tell(message, Path(folder), most)


def tell(message: Message, folder: Path, most: int) -> dict[str, Any]:
    """The reading of a parsed mail.

    Raises:
        Refused: It is nested deeper than any mail program writes.
    """
    found = _Found()
    try:
        _walk(message, found, 0)
    except RecursionError as error:
        raise Refused(_TOO_DEEP) from error
    said = Said(folder, warnings=found.warnings)
    said.letter = {
        "subject": head(message, "subject"),
        "sender": head(message, "from"),
        "addressee": head(message, "to"),
        "sent_at": moment.isoformat() if (moment := _sent_at(message)) else None,
        "message_id": head(message, "message-id"),
    }
    attached = found.attachments()
    if found.kept_inside:
        said.warnings.append(f"Kleine Bilder im Text (Logos) bleiben im Original: {found.kept_inside}.")
    if len(attached) > most:
        why = f"nur die ersten {most} sind" if most else "keine ist"
        said.warnings.append(f"Die E-Mail hat {len(attached)} Anlagen; {why} als Dokument abgelegt.")
    listed = []
    for number, part in enumerate(attached, 1):
        content = _content(part)
        name = _filename(part, number)
        listed.append(f"{name} ({sizes(len(content))})")
        if number <= most:
            said.part(name).write_bytes(content)
    body = "\n\n".join(piece for piece in found.texts if piece.strip())
    if found.is_empty() and not any(head(message, name) for _, name in _HEADS):
        raise Refused("Die E-Mail ist beschädigt: Sie hat weder Kopfzeilen noch Inhalt.")
    said.text([*_heads(message, listed), "", *body.replace("\f", "\n").splitlines()])
    return said.value()


@dataclass
class _Found:
    texts: list[str] = field(default_factory=list)
    markup: list[str] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    kept_inside: int = 0

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def attachments(self) -> list[Message]:
        """All other parts but the small images to which the HTML refers."""
        referred = {match for markup in self.markup for match in _REFERENCE.findall(markup)}
        taken = [part for part in self.others if not _belongs_to_text(part, referred)]
        self.kept_inside = len(self.others) - len(taken)
        return taken

    def is_empty(self) -> bool:
        return not any(text.strip() for text in self.texts) and not self.others and not self.warnings


def _belongs_to_text(part: Message, referred: set[str]) -> bool:
    identity = str(part.get("content-id", "")).strip().strip("<>")
    return part.get_content_maintype() == "image" and identity in referred and len(_content(part)) < INLINE_BYTES


def _walk(part: Message, found: _Found, depth: int) -> None:
    if depth > _DEEPEST:
        raise RecursionError
    kind = part.get_content_type()
    if kind == "message/rfc822" or part.get_content_disposition() == "attachment":
        found.others.append(part)
    elif kind.startswith("multipart/"):
        _walk_inside(part, kind, found, depth)
    elif kind in _ENVELOPES:
        _envelope(part, found, depth)
    elif kind in _SIGNATURES:
        _note_signed(found)
    elif kind in {"text/plain", "text/html"} and not part.get_filename():
        _add_text(part, found)
    elif not kind.startswith("message/") or part.get_filename():
        found.others.append(part)


def _walk_inside(part: Message, kind: str, found: _Found, depth: int) -> None:
    if kind == "multipart/encrypted":
        found.warn("Die E-Mail ist verschlüsselt (PGP); lesbar ist sie nur mit dem Schlüssel des Empfängers.")
        return
    if kind == "multipart/signed":
        _note_signed(found)
    payload = part.get_payload()
    children = [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []
    if kind == "multipart/alternative":
        _alternatives(children, found, depth)
        return
    for child in children:
        if child.get_content_type() not in _SIGNATURES:
            _walk(child, found, depth + 1)


def _note_signed(found: _Found) -> None:
    found.warn("Die E-Mail ist elektronisch signiert; die Signatur gilt nur für das Original und wurde nicht geprüft.")


def _alternatives(children: list[Message], found: _Found, depth: int) -> None:
    """Several forms of one text: the plain one, unless it is only a hint that there is an HTML one."""
    forms: dict[str, _Found] = {}
    for child in children:
        form = _Found()
        _walk(child, form, depth + 1)
        found.markup += form.markup
        found.others += [other for other in form.others if other.get_content_type() != "text/calendar"]
        for sentence in form.warnings:
            found.warn(sentence)
        forms.setdefault("plain" if not form.markup else "html", form)
    plain = "\n\n".join(forms["plain"].texts) if "plain" in forms else ""
    rich = "\n\n".join(forms["html"].texts) if "html" in forms else ""
    found.texts.append(plain if plain.strip() and len(plain) * _MUCH_MORE >= len(rich) else rich or plain)


def _add_text(part: Message, found: _Found) -> None:
    content = _content(part)
    charset = part.get_content_charset()
    if part.get_content_type() == "text/html":
        markup = _in_charset(content, charset) or html_decoded(content)
        found.markup.append(markup)
        found.texts.append(html_text(markup))
        return
    text = _in_charset(content, charset) or decoded(content)
    if "-----BEGIN PGP MESSAGE-----" in text:
        found.warn("Die E-Mail ist verschlüsselt (PGP); lesbar ist sie nur mit dem Schlüssel des Empfängers.")
    found.texts.append(text)


def _in_charset(content: bytes, charset: str | None) -> str | None:
    """None where the charset is unknown or not kept; "us-ascii" is what programs say that know no better."""
    if not charset or charset.lower() in {"us-ascii", "ascii", "unknown-8bit"}:
        return None
    with contextlib.suppress(LookupError, UnicodeDecodeError):
        return content.decode(charset)
    return None


def _envelope(part: Message, found: _Found, depth: int) -> None:
    """S/MIME (RFC 8551): signed data holds the mail in the clear, enveloped data does not."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        info = cms.ContentInfo.load(_content(part))
        if info["content_type"].native == "signed_data":
            inner = info["content"]["encap_content_info"]["content"].native
            if isinstance(inner, bytes):
                _note_signed(found)
                _walk(email.message_from_bytes(inner, policy=compat32), found, depth + 1)
                return
    found.warn("Die E-Mail ist verschlüsselt (S/MIME); lesbar ist sie nur mit dem Schlüssel des Empfängers.")


def _content(part: Message) -> bytes:
    payload = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and isinstance(payload[0], Message):
        buffer = io.BytesIO()
        # As it came: no line is folded anew, and no "From " at the start of one is marked.
        writer = BytesGenerator(buffer, mangle_from_=False, maxheaderlen=0, policy=compat32)
        writer.flatten(payload[0])
        return buffer.getvalue()
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _filename(part: Message, number: int) -> str:
    name = shown(_words(part.get_filename() or ""))
    if name:
        return name
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        subject = head(inner[0], "subject") if isinstance(inner, list) and isinstance(inner[0], Message) else None
        return f"{(subject or f'Nachricht {number}').replace('/', '-')[:100]}.eml"
    return f"Anlage {number}{mimetypes.guess_extension(part.get_content_type()) or ''}"


def head(message: Message, name: str) -> str | None:
    """A head on one line, decoded (RFC 2047); raw bytes, which some programs send, by their likely encoding."""
    for key, raw in message.raw_items():
        if key.lower() == name:
            data = str(raw).encode("utf-8", "surrogateescape")
            return shown(_words(decoded(data))) or None
    return None


def _words(value: str) -> str:
    if "=?" not in value:
        return value
    pieces = []
    try:
        found = email.header.decode_header(value)
    except (email.errors.HeaderParseError, ValueError):
        return value
    for piece, charset in found:
        if isinstance(piece, str):
            pieces.append(piece)
        else:
            pieces.append(_in_charset(piece, charset) or decoded(piece))
    return "".join(pieces)


def _sent_at(message: Message) -> datetime | None:
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        moment = email.utils.parsedate_to_datetime(head(message, "date") or "")
        # "-0000" and no zone at all mean that nobody knows it (RFC 5322 section 3.3).
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _heads(message: Message, listed: list[str]) -> list[str]:
    lines = []
    for label, name in _HEADS:
        value = head(message, name)
        moment = _sent_at(message) if name == "date" else None
        if moment is not None:
            value = f"{moment:%d.%m.%Y %H:%M} ({moment:%z})"
        if value:
            lines.append(f"{label}: {value}")
    if identity := head(message, "message-id"):
        lines.append(f"Kennung: {identity}")
    if listed:
        lines.append(f"Anlagen: {'; '.join(listed)}")
    return lines
