"""Office files: pages by LibreOffice where it is installed, else their text alone. Runs in a throw-away process.

LibreOffice gets a profile of its own for each run, in which macros are forbidden and links are never followed; like
everything here it has no network where the kernel allows that, and ends with its limits. What it prints is a PDF, of
which `rendition` makes PDF/A as of any other.
"""

import os
import re
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import olefile

from indexing import media, readings
from indexing.errors import Refused
from indexing.readings import Said

_LOCKED: Final = "Die Office-Datei ist mit einem Kennwort verschlüsselt."
_MACRO_PARTS: Final = re.compile(r"(^|/)vbaProject\.bin$|^(Basic|Scripts)/")
_FIB_ENCRYPTED: Final = 0x0100  # MS-DOC section 2.5.2, fEncrypted
_PART_BYTES: Final = 64 << 20
_SETTINGS: Final = (
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Common/Save/Document", "LoadPrinter", "false"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("org.openoffice.Office.Calc/Content/Update", "Link", "1"),
)
"""Macros very high and off, nothing fetched from elsewhere, links never updated (in Calc "never" is 1)."""


def inspect(path: Path, media_type: str) -> list[str]:
    """What someone should know of an office file before it is opened: keys of `results.WARNINGS`.

    Raises:
        Refused: It is locked with a password.
    """
    if media_type == media.LOCKED_OFFICE:
        raise Refused(_LOCKED)
    if zipfile.is_zipfile(path):
        return _inspect_zip(path)
    if olefile.isOleFile(path):
        return _inspect_ole(path)
    return []


def _inspect_zip(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            manifest = _part(archive, "META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
        return []
    if b"encryption-data" in manifest:
        raise Refused(_LOCKED)
    return ["macros"] if any(_MACRO_PARTS.search(name) for name in names) else []


def _inspect_ole(path: Path) -> list[str]:
    try:
        with olefile.OleFileIO(path) as container:
            if container.exists("WordDocument"):
                head = container.openstream("WordDocument").read(12)
                if len(head) == 12 and int.from_bytes(head[10:12], "little") & _FIB_ENCRYPTED:  # noqa: PLR2004
                    raise Refused(_LOCKED)
            names = {part.upper() for entry in container.listdir() for part in entry}
    except (OSError, ValueError, TypeError, IndexError):
        return []
    return ["macros"] if names & {"VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR"} else []


def convert(source: str, folder: str, *, program: str, ending: str, seconds: float) -> Iterator[dict[str, Any]]:
    """Let LibreOffice print a file: ``converted.pdf``.

    Raises:
        Refused: It cannot be converted, or not in time.
    """
    home = Path(folder) / "home"
    profile = home / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    original = Path(folder) / f"converted.{ending}"
    shutil.copyfile(source, original)
    command = [
        program,
        f"-env:UserInstallation={profile.parent.as_uri()}",
        *("--headless", "--norestore", "--nologo", "--nolockcheck", "--nodefault"),
        *("--convert-to", "pdf", "--outdir", folder, str(original)),
    ]
    environment = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    try:
        done = subprocess.run(command, env=environment, cwd=home, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise Refused("Die Umwandlung durch LibreOffice hat zu lange gedauert.") from error
    if not (Path(folder) / readings.PDF).is_file():
        if done.returncode < 0:
            raise Refused(
                "LibreOffice ist an der Datei gescheitert: Sie ist beschädigt oder braucht mehr, als erlaubt ist."
            )
        raise Refused("Die Office-Datei ist beschädigt oder gesperrt; LibreOffice kann sie nicht öffnen.")
    yield Said(Path(folder)).value()


def _registry() -> str:
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>"
    )


_TEXT_PARTS: Final = re.compile(
    r"content\.xml|word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml|ppt/slides/slide\d+\.xml"
    r"|xl/sharedStrings\.xml|xl/worksheets/sheet\d+\.xml"
)
_LINES: Final = frozenset({"p", "h", "si", "is"})
"""Elements that are a line of text, in all four languages: paragraph, heading, string of a table."""


def words(source: str, folder: str, *, remark: str) -> Iterator[dict[str, Any]]:
    """The text of an office file that is a ZIP of XML, without its looks, so that it can be found.

    Raises:
        Refused: It holds none that can be read; the message is the remark.
    """
    lines: list[str] = []
    try:
        with zipfile.ZipFile(source) as archive:
            for name in sorted(archive.namelist(), key=_in_order):
                if _TEXT_PARTS.fullmatch(name):
                    lines.extend(_lines(_part(archive, name)))
    except (zipfile.BadZipFile, zlib.error, ET.ParseError, NotImplementedError, EOFError, RuntimeError):
        pass  # what was read before the damage counts
    if not any(lines):
        raise Refused(remark)
    said = Said(Path(folder), remark=remark, whole=False)
    said.text(lines)
    yield said.value()


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_PART_BYTES)


def _in_order(name: str) -> tuple[str, int]:
    number = re.search(r"\d+", name)
    return re.sub(r"\d+", "", name), int(number[0]) if number else 0


def _lines(content: bytes) -> Iterator[str]:
    root = ET.fromstring(content)  # noqa: S314 - entities cost this process its limits and nothing else
    for element in root.iter():
        if _local(element) in _LINES:
            yield "".join(_pieces(element))


def _pieces(element: ET.Element) -> Iterator[str]:
    for inner in element.iter():
        if inner is not element and _local(inner) in _LINES:
            continue
        if _local(inner) in {"tab", "br", "line-break", "s"}:
            yield " "
        yield from (inner.text or "", inner.tail or "" if inner is not element else "")


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
