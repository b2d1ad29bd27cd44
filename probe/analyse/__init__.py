"""Meaning over time and against expectations: baseline, changes, rates; pure over verdicts."""
