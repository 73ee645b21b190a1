"""The web process: Zalo's events come in here. `create_app` is what gunicorn calls."""

from webhook.app import create_app, set_nudge

__all__ = ["create_app", "set_nudge"]
