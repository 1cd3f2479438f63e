"""Faults while messages keep coming, on Apache Kafka with real worker processes.

To add a fault: write ``async def name(scene: Scene) -> None`` in a file of its own (see ``scene.py`` for what a scene
offers), put it into a mapping of that file, and add the mapping to ``FAULTS`` in ``faults.py``, the one registry.
A fault ends when every worker of the scene is ready again; what it finds broken it says with ``scene.promise``.
"""
