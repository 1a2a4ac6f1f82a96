"""What the signatures of a PDF say: in which field, by whom, when, and over how much of the file.

Read, not verified: whether a signature is mathematically sound and its certificate trusted is not looked at here, and
the warning beside these sentences says so. Gets its objects from `pdf_facts`.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any, Final

from asn1crypto import cms

from indexing.readings import shown

_MOST: Final = 10
_DEEPEST: Final = 20
_DATE: Final = re.compile(r"D:(\d{4})(\d{2})(\d{2})")


def sentences(root: Any, size: int) -> list[str]:
    """A German sentence for each signature.

    Args:
        root: The catalogue of the PDF.
        size: Bytes of the file.
    """
    form = root.get("/AcroForm")
    fields = form.get("/Fields", []) if form is not None else []
    found: list[str] = []
    for name, value in _signed(fields, "", 0):
        found.append(_sentence(name, value, size))
        if len(found) == _MOST:
            break
    return found


def _signed(fields: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        return
    for field in fields:
        name = ".".join(filter(None, (prefix, str(field.get("/T", "")))))
        if str(field.get("/FT", "")) == "/Sig" and "/V" in field:
            yield name, field["/V"]
        yield from _signed(field.get("/Kids", []), name, depth + 1)


def _sentence(name: str, value: Any, size: int) -> str:
    contents = bytes(value.get("/Contents", b""))
    who = _certified(contents) or shown(str(value.get("/Name", ""))) or "unbekannt"
    day = _DATE.match(str(value.get("/M", "")))
    when = f" am {day[3]}.{day[2]}.{day[1]}" if day else ""
    over = "umfasst die ganze Datei" if _is_whole(value, contents, size) else "umfasst nicht die ganze Datei"
    return f"Signatur im Feld „{shown(name)[:60]}“ von {who[:80]}{when}; sie {over}."


def _is_whole(value: Any, contents: bytes, size: int) -> bool:
    """Whether the signed bytes are all but the signature's own, written as hexadecimal digits in angle brackets."""
    span = [int(number) for number in value.get("/ByteRange", [])]
    if len(span) != 4 or span[0] != 0:  # noqa: PLR2004 - two pairs of start and length
        return False
    return span[2] - span[1] == 2 * len(contents) + 2 and span[2] + span[3] == size


def _certified(contents: bytes) -> str | None:
    """The name in the signer's certificate; it names itself unless somebody checks its issuer."""
    with contextlib.suppress(ValueError, TypeError, KeyError, IndexError):
        data = cms.ContentInfo.load(contents)["content"]
        signer = data["signer_infos"][0]["sid"].native
        for choice in data["certificates"]:
            certificate = choice.chosen
            if certificate.serial_number == signer["serial_number"]:
                name = certificate.subject.native.get("common_name")
                return shown(name if isinstance(name, str) else str(name[0])) or None
    return None
