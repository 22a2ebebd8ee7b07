"""The request log and the security log."""
