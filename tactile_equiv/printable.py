"""Texts of others on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Without characters that would move the cursor of a terminal or speak to it."""
    return "".join(char if char.isprintable() else "?" for char in text)
