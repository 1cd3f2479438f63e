"""What ``bootstrap.py`` puts together, part by part: the apps, the core, the AI agents, and what serves."""
