"""Bytes that are sealed, named by what they are, held by their owner."""
