"""What an operator types: the `signalstream` command."""
