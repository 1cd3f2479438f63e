"""What a worker counts: the one table of names, and where counts go. Nothing is counted that is not in the table."""
