from tests.services import valkey_server

__all__ = ["valkey_server"]
