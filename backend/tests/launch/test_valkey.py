"""The embedded Valkey: its own password, nothing evicted, its file in the data folder, its address for others."""

import stat

import pytest
import redis

from launch import valkey
from launch.supervisor import StartError, Supervisor


@pytest.fixture
def supervisor():
    new_supervisor = Supervisor(lambda text: None)
    yield new_supervisor
    new_supervisor.stop()


def test_it_stores_what_it_was_given_and_requires_its_password(supervisor, tmp_path):
    url = valkey.start(supervisor, tmp_path)
    server = redis.Redis.from_url(url)
    assert server.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert server.config_get("bind")["bind"] == "127.0.0.1"
    server.set("kept", "yes")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.connection_pool.connection_kwargs["port"]).ping()
    address = tmp_path / "valkey.url"
    assert address.read_text().strip() == url
    assert stat.S_IMODE(address.stat().st_mode) == 0o600
    supervisor.stop()

    again = redis.Redis.from_url(valkey.start(Supervisor(lambda text: None), tmp_path))
    assert again.get("kept") == b"yes"
    again.shutdown(nosave=True)


def test_a_folder_with_odd_characters_is_no_trouble(supervisor, tmp_path):
    folder = tmp_path / 'car "park" & ünïcode'
    folder.mkdir()
    assert redis.Redis.from_url(valkey.start(supervisor, folder)).set("kept", "yes")
    supervisor.stop()
    assert (folder / "valkey" / "dump.rdb").is_file()


def test_a_damaged_file_says_what_to_delete(supervisor, tmp_path):
    redis.Redis.from_url(valkey.start(supervisor, tmp_path)).set("kept", "yes")
    supervisor.stop()
    (tmp_path / "valkey" / "dump.rdb").write_text("scribble")
    with pytest.raises(StartError, match=r"delete .*valkey"):
        valkey.start(Supervisor(lambda text: None), tmp_path)
