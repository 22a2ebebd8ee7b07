"""CSV files of what the lists of administrators show."""
