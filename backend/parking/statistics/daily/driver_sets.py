"""Sets of driver ids in a short form: a sorted list of listed, or a compressed bitmap of many. Pure."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable

MAX_LISTED = 500
PackedDrivers = list[int] | str


def pack(drivers: Iterable[int]) -> PackedDrivers:
    """The short form of a set of driver ids: up to MAX_LISTED as a sorted list, more as a compressed bitmap."""
    return pack_bits(int.from_bytes(_bits(drivers), "little"))


def pack_bits(drivers: int) -> PackedDrivers:
    """As `pack`, for a bitmap as `union` returns it."""
    bits = drivers.to_bytes((drivers.bit_length() + 7) // 8, "little")
    if drivers.bit_count() <= MAX_LISTED:
        return sorted(_ids(bits))
    return b64encode(zlib.compress(bits, 1)).decode()


def _ids(bits: bytes) -> set[int]:
    return {8 * place + n for place, byte in enumerate(bits) if byte for n in range(8) if byte >> n & 1}


def unpack(packed: PackedDrivers | None) -> set[int]:
    """The ids that `pack` was called with."""
    if not isinstance(packed, str):
        return set(packed or ())
    return _ids(zlib.decompress(b64decode(packed)))


def _bits(drivers: Iterable[int]) -> bytes:
    ids = list(drivers)
    bits = bytearray(max(ids, default=0) // 8 + 1)
    for one in ids:
        bits[one >> 3] |= 1 << (one & 7)
    return bytes(bits)


def union(parts: Iterable[PackedDrivers | set[int] | None]) -> int:
    """The drivers of all parts as one number with a bit per id; its `bit_count()` is their number."""
    bitmap, listed = 0, set[int]()
    for part in parts:
        if isinstance(part, str):
            bitmap |= int.from_bytes(zlib.decompress(b64decode(part)), "little")
        elif part is not None:
            listed.update(part)
    return bitmap | int.from_bytes(_bits(listed), "little") if listed else bitmap
