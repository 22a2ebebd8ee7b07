"""Background jobs: the signs of life of worker and Beat."""
