"""Texture class and contact map from a tactile frame, the same wherever the contact lies."""

__version__ = "0.1.0"
