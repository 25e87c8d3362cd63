"""Profiles of benchmarks: what perf and callgrind saw, folded into stacks and drawn as a flame graph."""
