"""A real Valkey for the tests of the list that is kept in memory."""

from tests.services import valkey, valkey_server

__all__ = ["valkey", "valkey_server"]
