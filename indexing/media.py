"""The kinds of files that are known, by their media types; `detection` says which one a file is."""

import re
from typing import Final

PDF: Final = "application/pdf"
HTML: Final = "text/html"
PLAIN: Final = "text/plain"
XML: Final = "application/xml"
MAIL: Final = "message/rfc822"
OUTLOOK: Final = "application/vnd.ms-outlook"
ZIP: Final = "application/zip"
OLE: Final = "application/x-ole-storage"
LOCKED_OFFICE: Final = "application/encrypted"  # as file(1) calls it
EMPTY: Final = "application/x-empty"
UNKNOWN: Final = "application/octet-stream"

IMAGES: Final = frozenset(
    {"image/jpeg", "image/png", "image/tiff", "image/gif", "image/bmp", "image/webp", "image/heic", "image/avif"}
)
TEXTS: Final = frozenset({HTML, PLAIN, XML})
OFFICE: Final = {
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/rtf": "rtf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.text-template": "ott",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.spreadsheet-template": "ots",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.presentation-template": "otp",
    "application/vnd.oasis.opendocument.graphics": "odg",
}
"""Files that an office program turns into pages, with the ending by which it knows them."""

KNOWN_FORMAT: Final = re.compile(r"[a-z0-9.+-]{1,60}/[A-Za-z0-9.+_-]{1,100}")
