"""Text that people write: names and the keys that compare them, e-mail addresses."""
