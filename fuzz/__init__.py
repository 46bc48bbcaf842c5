"""Malformed messages, parameters and files for everything that reads them: `make fuzz`."""
