"""A remote model as the analyst: its adapters, the layers around each call, and what is asked and kept back."""
