"""May this person get a consultation message now?"""

from sandbox.zalo_side.answers import Refusal
from sandbox.zalo_side.clock import DAY_MS
from sandbox.zalo_side.people import Person

CS_WINDOW_MS = 7 * DAY_MS


def check_person(person: Person) -> None:
    """Raise the Refusal of a person whom no OA message of any kind reaches."""
    if person.inactive:
        raise Refusal(-227, "User is banned or has been inactive for more than 45 days")
    if person.blocked:
        raise Refusal(-217, "User has blocked invitation from OA")
    if person.restricted or person.opted_out:
        raise Refusal(-244, "User has restricted this message type from your OA")
    if person.capped:
        raise Refusal(-218, "Out of quota receive")


def check_interaction(person: Person, now: int, window_ms: int) -> None:
    """Raise -232 for a person who never interacted, -230 when it is longer ago than the window."""
    if not person.last_interaction:
        raise Refusal(-232, "User has not interacted with the OA, or the last interaction has expired")
    if now - person.last_interaction > window_ms:
        raise Refusal(-230, "User has not interacted with the OA in the past 7 days")
