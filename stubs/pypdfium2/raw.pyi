# The C functions of pdfium that indexing calls through ctypes; helper objects convert themselves.
from ctypes import c_int as c_int
from typing import Any

FPDF_ERR_PASSWORD: int
FPDF_PAGEOBJ_IMAGE: int
FPDF_TEXTRENDERMODE_INVISIBLE: int

class FS_RECTF:
    left: float
    top: float
    right: float
    bottom: float

FLAT_NORMALDISPLAY: int

def FPDFPage_Flatten(page: Any, flag: int) -> int: ...
def FPDFPage_GetAnnotCount(page: Any) -> int: ...
def FPDFText_GetUnicode(text_page: Any, index: int) -> int: ...
def FPDFText_HasUnicodeMapError(text_page: Any, index: int) -> int: ...
def FPDFText_GetLooseCharBox(text_page: Any, index: int, rect: FS_RECTF) -> int: ...
def FPDFText_GetTextObject(text_page: Any, index: int) -> Any: ...
def FPDFTextObj_GetTextRenderMode(text_object: Any) -> int: ...
def FPDF_PageToDevice(
    page: Any,
    start_x: int,
    start_y: int,
    size_x: int,
    size_y: int,
    rotate: int,
    page_x: float,
    page_y: float,
    device_x: c_int,
    device_y: c_int,
) -> int: ...
