"""The demo: the sandbox, the real processes, and a story played through them."""
