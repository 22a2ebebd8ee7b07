"""The library's mapped file, with its space taken before it is mapped."""

from __future__ import annotations

import mmap
import os
from typing import Any

from prometheus_client import mmap_dict


class AllocatedDict(mmap_dict.MmapedDict):
    """A mapped file without holes: what does not fit on the disk is an OSError now and no SIGBUS later."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode:
            with open(filename, "ab") as file:
                allocate(file.fileno(), max(os.fstat(file.fileno()).st_size, mmap_dict._INITIAL_MMAP_SIZE))
        super().__init__(filename, read_mode)

    def _init_value(self, key: str) -> None:
        needed = self._used + len(key.encode()) + 64  # more than the key, its padding and two numbers take
        while needed > self._capacity:
            allocate(self._f.fileno(), 2 * self._capacity)
            self._capacity *= 2
            self._m = mmap.mmap(self._f.fileno(), self._capacity)
        super()._init_value(key)


def allocate(descriptor: Any, size: int) -> None:
    """Takes the space for `size` bytes. Raises OSError, then the file is no longer than before."""
    before = os.fstat(descriptor).st_size
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:  # macOS
            missing = size - before
            os.pwrite(descriptor, b"\0" * missing, before)
    except OSError:
        os.ftruncate(descriptor, before)
        raise
