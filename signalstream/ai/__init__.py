"""The analyst protocol, and who implements it."""
