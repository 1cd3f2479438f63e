"""How good an analyst is: pure functions from labelled records and predictions to figures."""
