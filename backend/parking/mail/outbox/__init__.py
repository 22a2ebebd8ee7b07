"""The outbox: mails that wait, and their delivery."""
