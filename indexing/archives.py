"""ZIP archives: a list of what is inside, and the files themselves. Runs in a throw-away process.

An archive is taken apart whole or not at all: one member that should not be there (a way out of the folder, a link, a
lock, another archive) is a reason to leave all of it to a person. The archive itself stays filed either way.
"""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from indexing.errors import Refused
from indexing.readings import Said, shown, sizes

_JUNK_FOLDERS: Final = frozenset({"__MACOSX"})
_JUNK: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_LONGEST_LIST: Final = 1_000
_ENCRYPTED: Final = 0x1


def read(source: str, folder: str, *, most: int, opened: bool, total: int, largest: int) -> Iterator[dict[str, Any]]:
    """Take an archive apart.

    Args:
        source: Path of the archive.
        folder: Where list and files go.
        most: How many files may come out.
        opened: Whether anything may come out at all; the list is made in any case.
        total: Bytes that all files together may have.
        largest: Bytes that one file may have.
    """
    said = Said(Path(folder), whole=False)
    try:
        with zipfile.ZipFile(source) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            reason = _reason(members, most, opened=opened, total=total, largest=largest)
            if reason is None:
                reason = _take(archive, members, said, total=total, largest=largest)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, EOFError, RuntimeError) as error:
        raise Refused("Das Archiv ist beschädigt und lässt sich nicht öffnen.") from error
    if reason is not None:
        said.names.clear()
        said.warnings.append(f"Das Archiv wurde nicht ausgepackt: {reason}")
    said.remark = "Die Seiten zeigen nur das Inhaltsverzeichnis des Archivs; eine PDF/A-Fassung gibt es von ihm nicht."
    said.text([f"Archiv mit {len(members)} Dateien", "", *_list(members)])
    yield said.value()


def _reason(members: list[zipfile.ZipInfo], most: int, *, opened: bool, total: int, largest: int) -> str | None:
    """Why nothing is taken out, before anything is; None when nothing speaks against it."""
    wanted = [info for info in members if not _is_junk(info)]
    if not opened:
        return "Es liegt selbst in einem Archiv oder zu tief in anderen Dokumenten."
    if len(wanted) > most:
        return f"Es enthält {len(wanted)} Dateien; erlaubt sind {most}."
    if sum(info.file_size for info in wanted) > total or any(info.file_size > largest for info in wanted):
        return "Ausgepackt wäre es größer als erlaubt."
    return next(filter(None, map(_objection, wanted)), None)


def _objection(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & _ENCRYPTED:
        return "Es ist mit einem Kennwort verschlüsselt."
    if stat.S_ISLNK(info.external_attr >> 16):
        return f"Es enthält eine Verknüpfung statt einer Datei: {shown(info.filename)[:100]}"
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return f"Ein Dateiname führt aus dem Archiv hinaus: {shown(info.filename)[:100]}"
    return None


def _take(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], said: Said, *, total: int, largest: int
) -> str | None:
    """Write the files; what a directory says of their sizes is only a promise, so they are counted."""
    room = total
    for info in members:
        if _is_junk(info):
            continue
        target = said.part(PurePosixPath(info.filename.replace("\\", "/")).name)
        with archive.open(info) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
        size = target.stat().st_size
        room -= size
        if room < 0 or size > largest:
            return "Ausgepackt wäre es größer als erlaubt."
    return None


def _is_junk(info: zipfile.ZipInfo) -> bool:
    """What programs leave beside the files that a person packed."""
    path = PurePosixPath(info.filename.replace("\\", "/"))
    return not path.name or path.name.lower() in _JUNK or not _JUNK_FOLDERS.isdisjoint(path.parts) or not info.file_size


def _list(members: list[zipfile.ZipInfo]) -> Iterator[str]:
    for info in members[:_LONGEST_LIST]:
        yield f"{shown(info.filename)}  ({sizes(info.file_size)})"
    if len(members) > _LONGEST_LIST:
        yield f"… und {len(members) - _LONGEST_LIST} weitere"
