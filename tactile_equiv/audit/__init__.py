"""See where a network stops being equivariant: layer by layer, under every shift."""
