"""A real Valkey for the tests of the list that is kept in memory."""

from tests.services import patience, patient, valkey, valkey_server

__all__ = ["patience", "patient", "valkey", "valkey_server"]
