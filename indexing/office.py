"""LibreOffice on this machine, and what it needs; `office_reader` lets it print."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

MISSING: Final = (
    "LibreOffice ist nicht installiert; deshalb gibt es keine Seiten wie im Büroprogramm und keine PDF/A-Fassung. "
    "Auf Debian: apt install libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
)
MEMORY_FACTOR: Final = 2
"""LibreOffice starts within 700 MiB of address space; large tables need more than a reader of ours."""

OPEN_FILES: Final = 512

_PLACES: Final = (Path("/usr/lib/libreoffice/program/soffice"), Path("/opt/libreoffice/program/soffice"))


def installed() -> Path | None:
    """LibreOffice's program on this machine; looked for anew each time, so that installing it needs no restart."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return Path(found) if found else next((place for place in _PLACES if place.is_file()), None)


def version(program: Path) -> str:
    """What it calls itself, as "LibreOffice 7.4.7.2". Raises OSError when it does not run."""
    asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    match = re.match(r"LibreOffice [\d.]+", asked.stdout)
    if match is None:
        raise OSError(f"{program}: {asked.stderr.strip()[:200] or 'no version'}")
    return match[0]
