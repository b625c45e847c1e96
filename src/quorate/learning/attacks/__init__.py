"""Attacks on a federation, one file each: part of the product, so that defences can be tried."""
