"""Bytes become facts here: errors, encoding, digests, keys, sealing, sources, durable files."""
