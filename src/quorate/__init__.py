"""Quorate: train together, prove everything, keep your data."""

__version__ = "0.1.0"
