"""Typed faces of the contracts, one module each, written by scripts/compile_contracts.py."""
