"""Benchmarks of the probe as a whole, each paired with its rival in one run; `make bench`."""
