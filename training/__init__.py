"""Trains the heads of the local analyst: ``python -m training --data DIR --out signalstream/ai/local/heads``.

It needs scikit-learn (``pip install -e .[training]``); what it writes needs numpy only.
"""
