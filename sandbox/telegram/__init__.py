"""A local Telegram Bot API that python-telegram-bot runs against unmodified, with people to play."""

from sandbox.telegram.routes import add_routes
from sandbox.telegram.state import TelegramState

__all__ = ["TelegramState", "add_routes"]
