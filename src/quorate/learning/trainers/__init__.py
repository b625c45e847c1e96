"""Trainers in plain numpy, one file each."""
