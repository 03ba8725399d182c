"""Hazards C: the process's surroundings and resources."""
