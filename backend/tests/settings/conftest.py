"""Settings read from an environment in an empty folder."""

import pytest

import config

STRONG = {
    "SECRET_KEY": "t0Zr9aTQ1bY7mPjUOB3xkP5gqzTnL4vWd2uhVJ8c",
    "SECURITY_PASSWORD_SALT": "Qe7Zs2Nd0LxRfGvTb5UyHnJm9KiPoAq3WcXt6Sz1",
    "JWT_SECRET": "mB1nV6cX3zL9kJ4hG7fD0sA2pO5iU8yT6rE3wQ1x",
}


@pytest.fixture
def load(tmp_path):
    """Settings of a local run in an empty folder, with the variables given."""

    def load(**environ):
        return config.load({"DATA_DIR": str(tmp_path / "data"), "EXPORT_DIR": str(tmp_path / "exports"), **environ})

    return load


@pytest.fixture
def refused(load):
    """What is said about each bad variable."""

    def refused(**environ):
        with pytest.raises(config.ConfigError) as caught:
            load(**environ)
        return dict(caught.value.problems)

    return refused
