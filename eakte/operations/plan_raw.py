"""The plain rows that a filing plan file is read into, whatever its format, and how much of a file is read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from eakte.language import _, shown_number
from eakte.operations.plan_words import Column, PlanFileError, PlanFileProblem, Position

MAX_FILE_BYTES: Final = 20_000_000
MAX_ROWS: Final = 20_000


@dataclass(slots=True)
class RawRow:
    """One position as the file has it: texts by column, empty ones left out.

    Attributes:
        at: Where it stands.
        texts: What stands there.
        onegov: It comes from the Swiss form, which has rules of its own.
        nested_in: Where the file nests (YAML): the row above, whose number is the parent's.
    """

    at: Position
    texts: dict[Column, str]
    onegov: bool = False
    nested_in: "RawRow | None" = None


@dataclass(slots=True)
class RawPlan:
    """The rows of a file, and what was wrong already in reading them."""

    rows: list[RawRow] = field(default_factory=list)
    problems: list[PlanFileProblem] = field(default_factory=list)

    def add(self, row: RawRow) -> None:
        """Take one more position.

        Raises:
            PlanFileError: There are more than `MAX_ROWS`: reading stops, whatever else is wrong.
        """
        if len(self.rows) >= MAX_ROWS:
            raise too_many_rows()
        self.rows.append(row)


def unreadable(rule: str, message: str) -> PlanFileError:
    """The file as a whole cannot be read."""
    return PlanFileError([Position(None, None).problem(rule, message)])


def too_many_rows() -> PlanFileError:
    """Reading stops here, whatever else is wrong."""
    return unreadable(
        "too-many-rows",
        _("Mehr als %(max_rows)s Positionen werden nicht gelesen.", max_rows=shown_number(MAX_ROWS)),
    )


def read_bytes(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        PlanFileError: There is no such file, or it is larger than `MAX_FILE_BYTES`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise unreadable(
            "no-file",
            _("Die Datei %(name)s lässt sich nicht öffnen: %(strerror)s.", name=path.name, strerror=error.strerror),
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise unreadable("too-large", _("Die Datei ist größer als %(size)s MB.", size=MAX_FILE_BYTES // 1_000_000))
    return content
