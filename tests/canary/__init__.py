"""The leak hunt: plants values that nobody else has everywhere, and looks for them wherever they must not be."""
