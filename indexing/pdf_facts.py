"""What someone should know of a PDF before it is read: warnings, a claim to be PDF/A. Runs in a throw-away process."""

import contextlib
import re
from pathlib import Path
from typing import Any, Final

import pikepdf
import pikepdf.settings
from pikepdf import Dictionary, Name, Pdf

from indexing import signatures

MAX_OBJECTS: Final = 200_000
"""Objects of a file that are looked at one by one."""

_MOST_NAMED: Final = 10
_PART: Final = re.compile(r"[1-4]")
_CONFORMANCE: Final = re.compile(r"[abuefABUEF]?")

# For all that opens PDFs by qpdf: what changes them takes MAX_OBJECTS from here.
pikepdf.settings.set_qpdf_limits(flate_max_memory=64 << 20, max_stream_filters=5)


def inspect(path: Path) -> dict[str, Any]:
    """What someone should know of a PDF.

    Returns:
        ``warnings`` (keys of `results.WARNINGS`), ``claim`` (PDF/A flavour or None), ``facts``
        (sentences about this file's signatures and embedded files).
    """
    try:
        with pikepdf.open(path) as pdf:
            embedded = _embedded(pdf)
            facts = [*signatures.sentences(pdf.Root, path.stat().st_size), *embedded]
            warnings = _warnings(pdf) - ({"attachments"} if embedded else set())  # the sentence that names them will do
            return {"warnings": sorted(warnings), "claim": _claim(pdf), "facts": facts}
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError):
        # pdfium can read it, so pages and text do not suffer
        return {"warnings": [], "claim": None, "facts": []}


def _embedded(pdf: Pdf) -> list[str]:
    names = [str(name) for name in list(pdf.attachments)[:_MOST_NAMED]]
    return [f"Die Datei enthält eingebettete Dateien: {', '.join(names)}."] if names else []


def _warnings(pdf: Pdf) -> set[str]:
    found = set()
    if pdf.is_encrypted:
        found.add("encrypted")
    root = pdf.Root
    if "/OpenAction" in root and not _is_harmless(root.OpenAction):
        found.add("open-action")
    if len(pdf.attachments):
        found.add("attachments")
    if "/XFA" in root.get(Name.AcroForm, Dictionary()):
        found.add("xfa")
    for count, item in enumerate(pdf.objects):
        if count > MAX_OBJECTS:
            break
        if isinstance(item, pikepdf.Dictionary):
            found |= _of_object(item)
    return found


def _of_object(item: pikepdf.Object) -> set[str]:
    found = set()
    for value in (item, *(item.get(key) for key in (Name.A, Name.OpenAction))):
        kind = value.get(Name.S) if isinstance(value, pikepdf.Dictionary) else None
        if kind == Name.JavaScript:
            found.add("javascript")
        elif kind == Name.Launch:
            found.add("launch")
    if item.get(Name.FT) == Name.Sig and Name.V in item:
        found.add("signed")
    if item.get(Name.Type) == Name.Filespec and Name.EF in item:
        found.add("attachments")
    return found


def _is_harmless(action: pikepdf.Object) -> bool:
    """A destination to go to when opening."""
    return not isinstance(action, pikepdf.Dictionary) or action.get(Name.S) == Name.GoTo


def _claim(pdf: Pdf) -> str | None:
    with contextlib.suppress(Exception):  # XMP is anyone's XML; what cannot be read claims nothing
        metadata = pdf.open_metadata()
        part, conformance = str(metadata.get("pdfaid:part", "")), str(metadata.get("pdfaid:conformance", ""))
        if _PART.fullmatch(part) and _CONFORMANCE.fullmatch(conformance):
            return part + conformance.lower()
    return None
