"""Tunes learning-rate schedules and hands back the best one as a file."""
