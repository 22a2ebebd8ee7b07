"""Sums of each lot and day, and of each lot and month, kept up to date by the worker."""
