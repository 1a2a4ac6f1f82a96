"""An OLE container (MS-CFB, version 3) written for tests: storages as dicts, streams as bytes."""

import struct
from typing import Any

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_NONE = 0xFFFFFFFF
_MINI = 64


def ole_file(tree: dict[str, Any]) -> bytes:
    """The bytes of a container; streams shorter than 4,096 bytes lie in the mini stream, as the format demands."""
    entries: list[list[Any]] = [["Root Entry", 5, _NONE, _NONE, _NONE, b""]]
    _add(tree, 0, entries)
    sectors: list[bytes] = []
    fat: list[int] = []

    def place(content: bytes) -> int:
        if not content:
            return _END
        first = len(sectors)
        for start in range(0, len(content), _SECTOR):
            sectors.append(content[start : start + _SECTOR].ljust(_SECTOR, b"\0"))
            fat.append(len(sectors))
        fat[-1] = _END
        return first

    mini = bytearray()
    mini_fat: list[int] = []
    starts = {}
    for index, (_name, kind, _left, _right, _child, content) in enumerate(entries):
        if kind != 2:
            continue
        if len(content) >= 4096:
            starts[index] = place(content)
            continue
        starts[index] = len(mini) // _MINI if content else _END
        count = -(-len(content) // _MINI)
        mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + count), _END] if count else []
        mini += content.ljust(count * _MINI, b"\0")
    starts[0] = place(bytes(mini))
    entries[0][5] = bytes(mini)
    mini_first = place(b"".join(struct.pack("<I", each) for each in mini_fat).ljust(_SECTOR, b"\xff"))
    directory = b"".join(_entry(each, starts.get(index, 0)) for index, each in enumerate(entries))
    directory_first = place(directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0"))
    fat_sectors = 1
    while fat_sectors * (_SECTOR // 4) < len(fat) + fat_sectors:
        fat_sectors += 1
    fat_first = len(sectors)
    table = [*fat, *[_FAT] * fat_sectors]
    packed = b"".join(struct.pack("<I", each) for each in table).ljust(fat_sectors * _SECTOR, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack(
        "<HHHHH6xIIIIIIIIII",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        fat_sectors,
        directory_first,
        0,
        4096,
        mini_first,
        -(-len(mini_fat) * 4 // _SECTOR) or 1,
        _END,
        0,
        fat_first,
    )
    head += b"".join(
        struct.pack("<I", fat_first + number if number < fat_sectors else _FREE) for number in range(1, 109)
    )
    return head + b"".join(sectors) + packed


def _add(tree: dict[str, Any], parent: int, entries: list[list[Any]]) -> None:
    """Siblings as a chain to the right: readers follow the tree, not its balance."""
    before = None
    for name, content in tree.items():
        index = len(entries)
        is_storage = isinstance(content, dict)
        entries.append([name, 1 if is_storage else 2, _NONE, _NONE, _NONE, b"" if is_storage else content])
        if before is None:
            entries[parent][4] = index
        else:
            entries[before][3] = index
        before = index
        if is_storage:
            _add(content, index, entries)


def _entry(entry: list[Any], start: int) -> bytes:
    name, kind, left, right, child, content = entry
    encoded = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ",
        encoded,
        len(encoded),
        kind,
        1,
        left,
        right,
        child,
        bytes(16),
        0,
        0,
        0,
        start,
        len(content),
    )
