"""TLS to PostgreSQL and Redis: what production asks for, and whose certificates are taken.

The server of the tests' wheel is built without TLS, so a front with a certificate stands before it, which speaks TLS as
PostgreSQL does; client and server are the real ones. Redis has such a front, too.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import kombu.exceptions
import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

import celery_config
import config
from parking import database
from parking.realtime import redis_client
from tests.services import Valkey
from tests.settings.conftest import STRONG

SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path, name: str) -> None:
    """An authority, and a certificate for `localhost` that it has signed."""
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout")
    extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    subject = ("-subj", f"/CN=Authority {name}")
    openssl(folder, "req", "-x509", *key, f"{name}-ca.key", "-out", f"{name}-ca.pem", *subject, *extensions)
    openssl(folder, "req", *key, f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    authority = ("-CA", f"{name}-ca.pem", "-CAkey", f"{name}-ca.key", "-CAcreateserial")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *authority, "-extfile", "names", "-out", f"{name}.pem")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("ours", "other"):
        make_authority(folder, name)
    return folder


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def front(
    folder: Path, name: str, target: Callable[[], socket.socket], *, postgres: bool, asks: bool = False
) -> Iterator[int]:
    """TLS with this certificate in front of a server. Gives the port on localhost. `asks`: whoever connects must have a
    certificate of our authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    if asks:
        context.load_verify_locations(folder / "ours-ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if postgres:
                if client.recv(8) != SSL_REQUEST:
                    return  # nobody gets in without TLS
                client.sendall(b"S")
            with context.wrap_socket(client, server_side=True) as outside, target() as inside:
                threading.Thread(target=pump, args=(inside, outside), daemon=True).start()
                pump(outside, inside)

    def accept(server: socket.socket) -> None:
        with contextlib.suppress(OSError):  # until it is closed
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def load(tmp_path):
    """Settings of production, except where it says otherwise."""

    def load(**environ: str) -> config.Settings:
        folders = {"DATA_DIR": str(tmp_path / "data"), "EXPORT_DIR": str(tmp_path / "exports")}
        return config.load({"APP_ENV": "production", **STRONG, **folders, **environ})

    return load


@pytest.fixture
def refused(load):
    def refused(**environ: str) -> dict[str, str]:
        with pytest.raises(config.ConfigError) as caught:
            load(**environ)
        return dict(caught.value.problems)

    return refused


# what production asks for


LOCAL_DATABASES = [
    "postgresql://p@localhost/parking",
    "postgresql://p:a%40b@127.0.0.1:5432/parking",
    "postgresql://p@[::1]:5432/parking",
    "postgresql://p@/parking?host=/run/postgresql",
    "postgresql:///parking",
]
FOREIGN_DATABASES = [
    "postgresql://p@db.example.com/parking",
    "postgresql://p@10.0.0.7:5432/parking?sslmode=prefer",
    "postgresql://p@db.example.com/parking?sslmode=require",
    "postgresql://p@db.example.com/parking?sslmode=verify-ca",
    "postgresql://p@localhost/parking?host=db.example.com",
    "postgresql://p@localhost/parking?hostaddr=10.0.0.7",
    "postgresql://p@localhost,db.example.com/parking",
    "postgresql://p:%40localhost@db.example.com/parking",
    "postgresql://localhost@db.example.com/parking?sslmode=verify-full&sslmode=disable",
]


@pytest.mark.parametrize("url", LOCAL_DATABASES)
def test_a_database_on_this_machine_needs_no_tls(load, url):
    assert load(DATABASE_URL=url).database_url == url.replace("postgresql://", "postgresql+psycopg://")


@pytest.mark.parametrize("url", FOREIGN_DATABASES)
def test_a_database_on_another_machine_needs_a_checked_certificate(load, refused, url):
    assert "sslmode=verify-full" in refused(DATABASE_URL=url)["DATABASE_URL"]
    assert load(DATABASE_URL=url, PRIVATE_NETWORK="on").private_network is True
    assert load(DATABASE_URL=url, APP_ENV="local").app_env == "local"


def test_with_verify_full_it_is_taken(load, certificates):
    url = "postgresql+psycopg://p@db.example.com/parking?sslmode=verify-full"
    assert load(DATABASE_URL=url).database_url == url
    ca = str(certificates / "ours-ca.pem")
    assert load(DATABASE_URL=url, TLS_CA_FILE=ca).database_url == f"{url}&sslrootcert={ca}"
    bare = url.partition("?")[0]
    assert load(DATABASE_URL=bare, TLS_CA_FILE=ca).database_url == f"{url}&sslrootcert={ca}"
    own = f"{url}&sslrootcert=/own.pem"
    assert load(DATABASE_URL=own, TLS_CA_FILE=ca).database_url == own


@pytest.mark.parametrize("url", ["redis://:s3cret@localhost:6379/0", "redis://127.0.0.1/0", "redis://[::1]:6379/0"])
def test_redis_on_this_machine_needs_no_tls(load, url):
    assert load(REDIS_URL=url).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.example.com:6379/0",
        "redis://localhost@10.0.0.7/0",
        "rediss://redis.example.com/0?ssl_cert_reqs=none",
        "rediss://redis.example.com/0?ssl_cert_reqs=optional",
        "rediss://redis.example.com/0?ssl_check_hostname=false",
    ],
)
def test_redis_on_another_machine_needs_a_checked_certificate(load, refused, url):
    assert "rediss://" in refused(REDIS_URL=url)["REDIS_URL"]
    assert load(REDIS_URL=url, PRIVATE_NETWORK="on").redis_url == url


def test_with_rediss_it_is_taken(load, certificates):
    url, ca = "rediss://redis.example.com/0", str(certificates / "ours-ca.pem")
    assert load(REDIS_URL=url).redis_url == url
    whole = f"{url}?ssl_cert_reqs=required&ssl_check_hostname=true&ssl_ca_certs={ca}"
    assert load(REDIS_URL=url, TLS_CA_FILE=ca).redis_url == whole


def test_the_file_of_the_authority_must_be_one(refused, tmp_path):
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----")
    for path in ("/nowhere/ca.pem", str(tmp_path / "key.pem"), str(tmp_path)):
        assert "certificates in PEM form" in refused(TLS_CA_FILE=path)["TLS_CA_FILE"]


def test_a_refusal_repeats_no_password(refused):
    wrong = {"DATABASE_URL": "postgresql://p:s3cret@db.example.com/x", "REDIS_URL": "redis://:s3cret@r.example.com"}
    assert "s3cret" not in str(refused(**wrong))


# whose certificates are taken


@pytest.fixture
def connects(load, certificates, postgres):
    """Whether the program reaches the database: the certificate of the server -> the authority in TLS_CA_FILE."""

    def target() -> socket.socket:
        inside = socket.socket(socket.AF_UNIX)
        inside.connect(f"{postgres.folder}/.s.PGSQL.5432")
        return inside

    def connects(server: str, authority: str, host: str = "localhost", more: str = "", **options: bool) -> str:
        with front(certificates, server, target, postgres=True, **options) as port:
            # the name of another machine, whose address is that of the front
            url = f"postgresql://postgres@{host}:{port}/postgres?hostaddr=127.0.0.1&sslmode=verify-full"
            settings = load(DATABASE_URL=url + f"&sslrootcert={certificates / f'{authority}-ca.pem'}{more}")
            engine = create_engine(settings.database_url, **database.engine_options(settings.database_url))
            try:
                with engine.connect() as connection:
                    return str(connection.execute(text("SELECT current_user")).scalar())
            finally:
                engine.dispose()

    return connects


def test_a_database_with_a_certificate_of_our_authority_is_taken(connects):
    assert connects("ours", "ours") == "postgres"


@pytest.mark.parametrize(("server", "host"), [("other", "localhost"), ("ours", "db.example.com")])
def test_one_of_another_authority_or_for_another_name_is_refused(connects, server, host):
    with pytest.raises(OperationalError) as refusal:
        connects(server, "ours", host)
    assert isinstance(refusal.value.orig, psycopg.OperationalError)
    assert any(word in str(refusal.value) for word in ("certificate verify failed", "does not match host name"))


@pytest.mark.parametrize(("own", "is_taken"), [("ours", True), ("other", False), (None, False)])
def test_the_program_has_a_certificate_for_the_database(connects, certificates, own, is_taken):
    """Where the server asks for one: `sslcert` and `sslkey` in DATABASE_URL."""
    more = f"&sslcert={certificates / f'{own}.pem'}&sslkey={certificates / f'{own}.key'}" if own else ""
    if is_taken:
        assert connects("ours", "ours", more=more, asks=True) == "postgres"
        return
    with pytest.raises(OperationalError):
        connects("ours", "ours", more=more, asks=True)
    assert connects("ours", "ours", more=more) == "postgres", "a server that does not ask takes it"


def test_control_without_the_check_the_other_is_taken(certificates, postgres):
    def target() -> socket.socket:
        inside = socket.socket(socket.AF_UNIX)
        inside.connect(f"{postgres.folder}/.s.PGSQL.5432")
        return inside

    with (
        front(certificates, "other", target, postgres=True) as port,
        psycopg.connect(f"postgresql://postgres@localhost:{port}/postgres?sslmode=require") as connection,
    ):
        assert connection.pgconn.ssl_in_use


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.mark.parametrize(("server", "is_taken"), [("ours", True), ("other", False)])
def test_redis_is_taken_with_a_certificate_of_our_authority_alone(load, certificates, valkey, server, is_taken):
    def target() -> socket.socket:
        return socket.create_connection(("127.0.0.1", valkey.port))

    with front(certificates, server, target, postgres=False) as port:
        options = f"ssl_cert_reqs=required&ssl_check_hostname=true&ssl_ca_certs={certificates / 'ours-ca.pem'}"
        url = f"rediss://:{valkey.password}@localhost:{port}/0?{options}"
        settings = load(REDIS_URL=url)
        client = redis_client.connect(settings.redis_url, 20)
        broker = celery_config.make_celery(settings, set_as_current=False).connection_for_write()
        if is_taken:
            assert client.ping() is True
            broker.ensure_connection(max_retries=1, interval_start=0)
        else:
            with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
                client.ping()
            with pytest.raises(kombu.exceptions.OperationalError, match="certificate verify failed"):
                broker.ensure_connection(max_retries=1, interval_start=0)


@pytest.mark.parametrize(("own", "is_taken"), [("ours", True), ("other", False), (None, False)])
def test_the_program_has_a_certificate_for_redis(load, certificates, valkey, own, is_taken):
    """Where the server asks for one: `ssl_certfile` and `ssl_keyfile` in REDIS_URL."""

    def target() -> socket.socket:
        return socket.create_connection(("127.0.0.1", valkey.port))

    with front(certificates, "ours", target, postgres=False, asks=True) as port:
        options = f"ssl_cert_reqs=required&ssl_check_hostname=true&ssl_ca_certs={certificates / 'ours-ca.pem'}"
        if own:
            options += f"&ssl_certfile={certificates / f'{own}.pem'}&ssl_keyfile={certificates / f'{own}.key'}"
        settings = load(REDIS_URL=f"rediss://:{valkey.password}@localhost:{port}/0?{options}")
        client = redis_client.connect(settings.redis_url, 20)
        broker = celery_config.make_celery(settings, set_as_current=False).connection_for_write()
        if is_taken:
            assert client.ping() is True
            broker.ensure_connection(max_retries=1, interval_start=0)
        else:
            with pytest.raises(redis.ConnectionError):
                client.ping()
            with pytest.raises(kombu.exceptions.OperationalError):
                broker.ensure_connection(max_retries=1, interval_start=0)
