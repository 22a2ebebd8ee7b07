"""The measurement of backups, on a small database."""

import pytest

from bench.backup import Bench
from parking.database import db, is_sqlite


def test_every_one_of_several_backups_is_checked(app, tmp_path, capsys):
    if not is_sqlite():
        pytest.skip("it restores into a database of one name, which tests at the same time would share")
    db.session.remove()
    db.engine.dispose()
    Bench(app.extensions["settings"].database_url, tmp_path).measure(times=2)
    printed = capsys.readouterr().out
    assert [printed.count(f"| backup {name} |") for name in ("create", "verify", "restore")] == [2, 2, 1]
    assert "longest write beside 2 of them" in printed
