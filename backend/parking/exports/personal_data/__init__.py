"""Everything kept about one person, as one file."""
