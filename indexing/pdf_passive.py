"""A PDF without what a copy for reading has no use for. Runs in a throw-away process."""

from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from indexing.pdf_facts import MAX_OBJECTS

_CATALOG_KEYS: Final = frozenset(
    {
        *("/Type", "/Version", "/Pages", "/Names", "/Dests", "/ViewerPreferences", "/PageLayout", "/PageMode"),
        *("/Outlines", "/Metadata", "/StructTreeRoot", "/MarkInfo", "/Lang", "/OutputIntents", "/OCProperties", "/AF"),
    }
)
_PAGE_KEYS: Final = frozenset(
    {
        *("/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate"),
        *("/Contents", "/Annots", "/Group", "/StructParents", "/Tabs", "/UserUnit", "/AF", "/LastModified"),
    }
)
_TRAILER_KEYS: Final = frozenset({"/Root", "/Info", "/ID", "/Size", "/Prev", "/Encrypt", "/XRefStm"})
_NOTES: Final = (Name.AA, Name.PieceInfo, Name.SE)
_PRESS: Final = (Name.TR, Name.TR2, Name.HT, Name.BG, Name.BG2, Name.UCR, Name.UCR2)
_HARMLESS: Final = frozenset({"/GoTo", "/URI", "/Named", "/GoToR", "/Thread"})


def make_passive(pdf: Pdf) -> None:
    """Take out what a copy for reading has no use for: actions, form fields, broken signatures, private notes.

    Fields and signatures stay visible as they look. Page contents are not touched. What PDF/A forbids and no screen
    shows (halftones and transfer functions of a printing press) goes too.
    """
    root = pdf.Root
    if Name.AcroForm in root:
        pdf.generate_appearance_streams()
        pdf.flatten_annotations("screen")
    _complete_specifications(pdf)
    _keep(root, _CATALOG_KEYS)
    _keep(pdf.trailer, _TRAILER_KEYS)
    for page in pdf.pages:
        _keep(page.obj, _PAGE_KEYS)
    for count, item in enumerate(pdf.objects):
        if count > MAX_OBJECTS:
            break
        if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            _make_object_passive(item)


def _keep(item: pikepdf.Object, keys: frozenset[str]) -> None:
    for key in list(item.keys()):
        if key not in keys:
            del item[key]


def _complete_specifications(pdf: Pdf) -> None:
    """PDF/A-3 wants the descriptions of embedded files as objects of their own, with both forms of the name."""
    tree = pdf.Root.get(Name.Names, Dictionary()).get(Name.EmbeddedFiles, Dictionary())
    names = tree.get(Name.Names, Array())
    for place, entry in enumerate(names):
        if not isinstance(entry, pikepdf.Dictionary):
            continue
        for key, other in ((Name.F, Name.UF), (Name.UF, Name.F)):
            if key not in entry and other in entry:
                entry[key] = entry[other]
        if not entry.is_indirect:
            names[place] = pdf.make_indirect(entry)


def _make_object_passive(item: pikepdf.Object) -> None:
    for key in _NOTES:
        if key in item:
            del item[key]
    action = item.get(Name.A)
    if isinstance(action, pikepdf.Dictionary) and str(action.get(Name.S)) not in _HARMLESS:
        del item[Name.A]
    if item.get(Name.Type) == Name.FontDescriptor and Name.CIDSet in item:
        del item[Name.CIDSet]  # optional in PDF/A-2 and wrong more often than not
    for resources in (item, item.get(Name.Resources)):
        if isinstance(resources, pikepdf.Dictionary) and (Name.ExtGState in resources or Name.Font in resources):
            _make_resources_plain(resources)


def _make_resources_plain(resources: pikepdf.Dictionary) -> None:
    if Name.Encoding in resources:
        del resources[Name.Encoding]
    states = resources.get(Name.ExtGState)
    for state in states.as_dict().values() if isinstance(states, pikepdf.Dictionary) else ():
        for key in _PRESS if isinstance(state, pikepdf.Dictionary) else ():
            if key in state:
                del state[key]
