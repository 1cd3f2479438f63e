"""Keys, tokens, limits and the vault."""
