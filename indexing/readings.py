"""Files that are not pages themselves: a reader in a throw-away process makes text, a PDF or further files of them.

A reader is a generator function ``read(source, folder, ...)`` that yields one `said` value and leaves files in the
folder: ``text.txt`` (UTF-8), ``converted.pdf``, and the files that were inside (``part-00001`` and so on). This module
is both ends of that conversation: `said` for the child, `read` for the parent, which checks everything before use.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from indexing.errors import UntrustedFailed
from indexing.untrusted import Limits, one_line, run_untrusted, take_untrusted_file

TEXT: Final = "text.txt"
PDF: Final = "converted.pdf"
LONGEST_NAME: Final = 200
_LONGEST_LINE: Final = 1_000
_KILO: Final = 1_000
_TEXT_BYTES: Final = 32 << 20
_MOST_WARNINGS: Final = 20


@dataclass(frozen=True)
class Allowance:
    """How much of a container may become files of their own; its owner counts what came out of it before.

    Attributes:
        parts: Files that may be taken out; 0 where the container itself lies too deep in others.
        archives: Whether an archive is opened; not where it came out of an archive itself.
    """

    parts: int = 200
    archives: bool = True


@dataclass(frozen=True)
class Part:
    """A file that was inside another one.

    Attributes:
        path: Its bytes, in the work folder.
        filename: The name it had inside, on one line; still anyone's word.
    """

    path: Path
    filename: str


@dataclass(frozen=True)
class Letter:
    """What a mail says of itself; the sender's word, not proven by anything.

    Attributes:
        subject: On one line.
        sender: Name and address as given.
        addressee: All of "To", as given.
        sent_at: With its zone.
        message_id: RFC 5322 section 3.6.4, with its angle brackets.
    """

    subject: str | None = None
    sender: str | None = None
    addressee: str | None = None
    sent_at: datetime | None = None
    message_id: str | None = None


@dataclass(frozen=True)
class Reading:
    """What a reader made of a file, checked.

    Attributes:
        text: Plain text to be set on pages.
        pdf: Pages; then the text is theirs.
        remark: A German sentence on what these pages are not, for the rendition's reason.
        whole: Whether the pages stand for the file, so that a rendition may be made of them.
        warnings: German sentences.
        letter: Of a mail.
        parts: The files that were inside, in their order.
    """

    text: Path | None
    pdf: Path | None
    remark: str | None
    whole: bool
    warnings: tuple[str, ...]
    letter: Letter | None = None
    parts: tuple[Part, ...] = ()


@dataclass
class Said:
    """The child's side: what a reader gathers while it reads."""

    folder: Path
    remark: str | None = None
    whole: bool = True
    warnings: list[str] = field(default_factory=list)
    letter: dict[str, str | None] | None = None
    names: list[str] = field(default_factory=list)

    def text(self, lines: Sequence[str]) -> None:
        """Leave the text; halves of surrogate pairs that broken encodings left become question marks."""
        content = "\n".join(lines).encode("utf-8", "replace")
        (self.folder / TEXT).write_bytes(content)

    def part(self, filename: str) -> Path:
        """Where the next file from inside goes."""
        self.names.append(shown(filename)[:LONGEST_NAME])
        return self.folder / part_name(len(self.names))

    def value(self) -> dict[str, Any]:
        """What is said to the parent."""
        return {
            "remark": self.remark,
            "whole": self.whole,
            "warnings": self.warnings[:_MOST_WARNINGS],
            "letter": self.letter,
            "names": self.names,
        }


def part_name(number: int) -> str:
    """The file of a part in the folder, from 1."""
    return f"part-{number:05}"


def shown(text: str) -> str:
    """Text of anyone's on one printable line."""
    plain = "".join(" " if character.isspace() else character for character in unicodedata.normalize("NFC", text))
    return " ".join("".join(c for c in plain if unicodedata.category(c)[0] != "C").split())


def sizes(count: int) -> str:
    """Bytes in the words of a German page."""
    if count < _KILO:
        return f"{count} Byte"
    if count < _KILO**2:
        return f"{count / 1_000:.0f} kB"
    return f"{count / 1_000_000:.1f} MB".replace(".", ",")


def read(
    reader: str,
    arguments: dict[str, Any],
    *,
    folder: Path,
    workdir: Path,
    limits: Limits,
    most_parts: int,
) -> Reading:
    """Run a reader in a throw-away process and take what it leaves.

    Args:
        reader: As ``module:function``; its ``folder`` is given here.
        arguments: Its other arguments.
        folder: An empty folder for the child; the caller removes it.
        workdir: Where the checked files go.
        limits: What the process may cost.
        most_parts: How many files from inside are taken at most.

    Raises:
        UntrustedFailed: The file is refused with a reason, or it broke a limit.
    """
    untrusted = run_untrusted(reader, {**arguments, "folder": str(folder)}, limits=limits, folder=folder)
    try:
        names = [one_line(name) for name in untrusted["names"]]
        warnings = tuple(one_line(sentence) for sentence in untrusted["warnings"][:_MOST_WARNINGS])
        letter = untrusted["letter"]
        remark, whole = untrusted["remark"], untrusted["whole"] is True
        if not isinstance(untrusted["names"], list) or len(names) > most_parts:
            raise _unreadable("parts")
        checked_letter = None if letter is None else _letter(letter)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unreadable(str(error)) from error
    parts = []
    for number, name in enumerate(names, 1):
        target = workdir / part_name(number)
        take_untrusted_file(folder / part_name(number), target, limits.file_bytes)
        parts.append(Part(target, name[:LONGEST_NAME]))
    return Reading(
        text=_taken(folder / TEXT, workdir / TEXT, _TEXT_BYTES),
        pdf=_taken(folder / PDF, workdir / PDF, limits.file_bytes),
        remark=None if remark is None else one_line(remark),
        whole=whole,
        warnings=warnings,
        letter=checked_letter,
        parts=tuple(parts),
    )


def _taken(source: Path, target: Path, limit: int) -> Path | None:
    if not source.is_symlink() and not source.exists():
        return None
    take_untrusted_file(source, target, limit)
    return target


def _letter(untrusted: dict[str, Any]) -> Letter:
    def word(key: str) -> str | None:
        value = untrusted.get(key)
        return one_line(value)[:_LONGEST_LINE] or None if isinstance(value, str) else None

    sent = word("sent_at")
    moment = datetime.fromisoformat(sent) if sent else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return Letter(word("subject"), word("sender"), word("addressee"), moment, word("message_id"))


def _unreadable(detail: str) -> UntrustedFailed:
    return UntrustedFailed("crash", "Die Datei konnte nicht gelesen werden.", detail)
