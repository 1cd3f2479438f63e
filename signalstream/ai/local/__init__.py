"""The local analyst: it needs no network and no key, and it says why."""
