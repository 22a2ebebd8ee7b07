"""Faults of the machine, with the real parts: a small disk, PostgreSQL behind a proxy that cuts or goes mute."""

from __future__ import annotations

import os
import subprocess

import pytest

from parking import create_app
from parking.database import db
from tests.conftest import HURRY, Client, make_settings
from tests.faults.product import product, running
from tests.faults.proxy import Proxy
from tests.launch.conftest import new_run
from tests.services import valkey, valkey_server

__all__ = ["new_run", "product", "running", "valkey", "valkey_server"]


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """The product's own limits, which other tests do without."""
    for (module, name), value in HURRY.items():
        monkeypatch.setattr(module, name, value)


@pytest.fixture
def proxied(postgres, templates, request):
    """A fresh PostgreSQL database behind a proxy: (proxy, url)."""
    url = postgres.create(templates("postgresql", request))
    proxy = Proxy(str(postgres.folder))
    yield proxy, proxy.url(url)
    proxy.close()
    postgres.drop(url)


@pytest.fixture
def app_behind_proxy(proxied, tmp_path, at):
    proxy, url = proxied
    app = create_app(make_settings(tmp_path, database_url=url))
    app.test_client_class = Client
    with app.app_context():
        yield app, proxy
        proxy.speak()
        db.session.remove()
        db.engine.dispose()


class Disk:
    """A small file system in memory. Root mounts it for itself; where that is impossible the test is skipped, since
    nothing else fills up like a disk (a limit on a file's size is another error)."""

    def __init__(self, folder, megabytes: int) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.ballast = folder / "ballast"
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "parkwell-test", str(folder)]
        try:
            mounted = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            pytest.skip("there is no `mount` here")
        if mounted.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")

    def fill(self) -> None:
        """Not one block is left."""
        with self.ballast.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        if file.write(b"\0" * size) < size:
                            break
                except OSError:
                    pass
        assert os.statvfs(self.folder).f_bavail == 0

    def free(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)


@pytest.fixture
def small_disk(tmp_path):
    disks = []

    def small_disk(megabytes=40, name="disk"):
        disks.append(Disk(tmp_path / name, megabytes))
        return disks[-1]

    yield small_disk
    for disk in disks:
        disk.unmount()
