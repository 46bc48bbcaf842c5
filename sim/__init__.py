"""Simulated presses, the demonstration and the simulator node; imports `tactile_equiv`."""
