"""Starts, watches and stops the processes of one installation: `python -m launch`.

Why not honcho, circus or supervisor: honcho kills after 5 seconds, which cuts a worker in the
middle of its job; circus and supervisor leave everything running when they are themselves killed,
and none of the three waits for Valkey, then migrates, then serves. What is left to do is small.
"""
