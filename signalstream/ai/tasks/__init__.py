"""AI agents beyond the first four, a file each: what the agent's result is, and how the local analyst finds it."""
