"""The file of a backup: whatever happened to it, it is refused in a sentence or gives the dump that went in."""

from __future__ import annotations

import random

import pytest

from parking.backup import archive, service
from parking.backup.archive import BackupError, Contents, Manifest
from parking.database import is_sqlite

MANIFEST = Manifest(
    version="1", database="sqlite", reason="manual", created_at="2026-03-02T09:00:00Z",
    contents=Contents("0001", {"booking": {"rows": 2, "total_cost_minor": 500}}), settings=["SECRET_KEY"],
)  # fmt: skip


@pytest.fixture
def whole(tmp_path):
    """A good file, and the dump in it."""
    dump = tmp_path / "dump"
    dump.write_bytes(b"a row of a booking;" * 200 + random.Random(13).randbytes(500))
    archive.write(tmp_path / "whole.backup", MANIFEST, dump)
    return tmp_path / "whole.backup", dump.read_bytes()


def damaged(data: bytes):
    """The file with one wrong byte, at each place, and cut off."""
    for place in range(len(data)):
        for wrong in (0x01, 0xFF):
            yield data[:place] + bytes([data[place] ^ wrong]) + data[place + 1 :]
    for length in range(0, len(data), 7):
        yield data[:length]


def test_a_damaged_file_is_refused_in_a_sentence(whole, tmp_path):
    """A few bytes of an archive mean nothing (the time of a part); then the dump is the one that went in."""
    (file, dump), refused = whole, 0
    copy, out, results = tmp_path / "copy.backup", tmp_path / "out", []
    for content in damaged(file.read_bytes()):
        copy.write_bytes(content)
        try:
            archive.extract(copy, archive.read(copy), out)
            results.append(out.read_bytes() == dump)
        except BackupError as error:
            results.append(str(error).startswith(f"{copy} "))
            refused += 1
    assert all(results)
    assert refused > 0.8 * len(results)


def test_the_list_names_a_damaged_file_beside_the_good_ones(whole, app, folder):
    if not is_sqlite():
        pytest.skip("no database is asked")
    content = whole[0].read_bytes()
    place = content.index(b"manifest.json") + len("manifest.json") + 20
    folder.mkdir()
    (folder / "2.backup").write_bytes(content)
    (folder / "1.backup").write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
    (folder / "0.backup").mkdir()
    assert [manifest is not None for _, manifest in service.listing()] == [True, False, False]
