"""What is remembered, keyed by what, for how long."""
