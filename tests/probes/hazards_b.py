"""Hazards B: locks, forks, threads, signals."""
