"""The Zalo Business account that pays: money is held when a message is accepted and charged when it arrives."""

from dataclasses import dataclass


@dataclass(slots=True)
class Wallet:
    """Amounts in VND without VAT."""

    balance: int = 200_000_000
    held: int = 0
    charged: int = 0

    def can_pay(self, price: int) -> bool:
        return self.balance - self.held >= price

    def hold(self, price: int) -> None:
        self.held += price

    def release(self, price: int) -> None:
        self.held -= price

    def charge(self, price: int) -> None:
        """Turn a held amount into a charge."""
        self.held -= price
        self.balance -= price
        self.charged += price
