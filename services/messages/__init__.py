"""Single messages, from what staff wrote to the row that leaves.

A preview checks everything and freezes the content (`previews`); the confirmation carries it, and the yes turns it into
one Delivery, however often the button is tapped (`confirmed`). An answer in a conversation, a test and our own short
answers leave without a question (`straight`). Every delivery is made in one place (`rows`).
"""

from services.messages.confirmed import RESEND, RESENDABLE, SEND, accept, accept_resend, ask, ask_resend, cancel, resend
from services.messages.previews import Preview, preview
from services.messages.straight import automatic, reply, test

__all__ = [
    "RESEND",
    "RESENDABLE",
    "SEND",
    "Preview",
    "accept",
    "accept_resend",
    "ask",
    "ask_resend",
    "automatic",
    "cancel",
    "preview",
    "reply",
    "resend",
    "test",
]
