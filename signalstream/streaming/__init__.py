"""What Faust lacks: ordered pool, confirmed delivery, mended consumer, preflight, readiness."""
