"""Queries that answer for a period."""
