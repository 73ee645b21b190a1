"""A local Zalo and a local Telegram Bot API for the demo, staff training and tests.

Nothing here talks to the real services. `python -m sandbox serve` starts it, `sandbox.running` embeds it in a test.
"""
