"""Plays the lab's worlds with the real run, and compares what it says with what was done."""
