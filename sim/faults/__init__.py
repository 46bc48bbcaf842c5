"""Injects faults into a running graph and counts what became of every frame."""
