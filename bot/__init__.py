"""The Telegram bot of the staff: screens, forms and the outbox. The only part that knows Telegram."""
