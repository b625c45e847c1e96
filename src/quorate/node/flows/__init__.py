"""Use cases: each flow drives the rooms through one piece of work and can be run again."""
