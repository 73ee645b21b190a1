"""The rules of OA Desk. Nothing here knows Flask, Telegram or huey; entry points pass in a `Desk`."""
