"""What travels on the wire and what is kept: frozen, versioned pydantic models."""
