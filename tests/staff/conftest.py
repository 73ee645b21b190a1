"""The house of `people` for every test of this folder."""

from people import place

__all__ = ["place"]
