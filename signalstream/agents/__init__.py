"""Thin loops, one file each: read, call core or the analyst, write."""
