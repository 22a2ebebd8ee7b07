"""The commands of Compose run here without containers, as runs of the product do."""

from tests.launch.conftest import new_run, until

__all__ = ["new_run", "until"]
