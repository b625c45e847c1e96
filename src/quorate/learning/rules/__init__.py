"""Aggregation rules, one file each, in exact integers."""
