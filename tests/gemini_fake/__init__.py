"""A local stand-in for Gemini and for servers of OpenAI's protocol: loopback only, one brain, 23 faults, a quota.

``async with FakeGemini() as fake`` starts one in the test's own loop; ``python -m tests.gemini_fake`` a process of its
own, for workers and measurements, with its control over HTTP (``control``).
"""
