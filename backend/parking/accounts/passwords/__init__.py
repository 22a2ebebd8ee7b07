"""Passwords: rules, hashes, changes."""
