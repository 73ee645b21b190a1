"""May this person get a consultation message now?"""

from sandbox.zalo_side.answers import Refusal
from sandbox.zalo_side.clock import DAY_MS
from sandbox.zalo_side.people import Person

# Zalo's words, its spelling too, where nothing else in the sandbox says them (oa-api 11).
OA_MESSAGES = {
    -32: "Your OA reached limit call api",
    -100: "attachment_id was expired",
    -200: "Send message failed",
    -201: "user_id is invalid!",
    -204: "Offical Account is disable",
    -205: "Offical Account is not exist",
    -209: "Not supported this api",
    -210: "Parameter exceeds allowable limit",
    -211: "Out of quota",
    -212: "App has not registed this api",
    -213: "User has not followed OA",
    -216: "Access token is invalid",
    -217: "User has blocked invitation from OA",
    -218: "Out of quota receive",
    -219: "App is removed or disabled",
    -220: "access_token is expired or removed",
    -221: "The OA needs to be verified to use this feature",
    -223: "Official Account has not authorized this API",
    -224: "The OA needs to upgrade OA Tier Package to use this feature.",
    -227: "User is banned or has been inactive for more than 45 days",
    -230: "User has not interacted with the OA in the past 7 days",
    -232: "User has not interacted with the OA, or the last interaction has expired",
    -233: "message type is invalid or not support",
    -234: "This message cannot be sent at night (10:00PM - 6:00AM)",
    -235: "This API does not support this type of OA",
    -240: "MessageV2 API has been shut down, please switch to MessageV3",
    -242: "Invalid appsecret_proof provided in the API argument",
    -244: "User has restricted this message type from your OA",
    -248: "Violates our platform standards",
    -249: "Template does not support send via UID",
    -320: "Your app needs to connect with Zalo Cloud Account to use paid features",
    -321: "Zalo Cloud Account associated with this app is out of money or unable to be charged",
}
CS_WINDOW_MS = 7 * DAY_MS


def check_person(person: Person) -> None:
    """Raise the Refusal of a person whom no OA message of any kind reaches."""
    if person.refuses in OA_MESSAGES:
        raise Refusal(person.refuses, OA_MESSAGES[person.refuses])
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
