"""Exact arrays, rules, attacks, trainers, validation and valuation: what a round computes."""
