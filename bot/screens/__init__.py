"""Screens: each a function from rows to what is shown."""
