"""A template is chosen and its fields are answered, for a number or for a Zalo user."""

from __future__ import annotations

from sandbox.demo.stage import Stage
from sandbox.telegram.person import Seen, labels


def choose(stage: Stage, name: str) -> None:
    """Take the template with this name from those that are offered."""
    stage.see(name, f"the templates that can go; she takes “{name}”")
    stage.tap_holding(name)


def fill(stage: Stage, template_id: str, after: int, customer: str = "") -> Seen:
    """Answer what the template still asks until the preview stands below message `after`.

    With Zalo's own samples; only who the message is for is called by their own name, `customer`.
    """
    samples = dict(next(t["sample"] for t in stage.machine.ready["templates"] if t["template_id"] == template_id))
    if customer:
        samples["customer_name"] = customer
    preview, question = stage.words("button.yes_money"), stage.words.middle("zns.ask_param")
    asked: set[str] = set()

    def is_preview(message: Seen) -> bool:
        return any(preview in label for label in labels(message))

    def new_question(message: Seen) -> bool:
        return question in message["text"] and _asked(message, samples) not in asked

    for _ in range(len(samples) + 1):
        # An answer's screen comes below it; the one above is edited too, when it loses its buttons.
        below = after
        shown = stage.wait(lambda m: m["message_id"] >= below and (is_preview(m) or new_question(m)))  # noqa: B023
        if is_preview(shown):
            break
        name = _asked(shown, samples)
        asked.add(name)
        stage.saw(f"asked for {name}, with its rule")
        after = stage.hoa.say(samples[name])
    stage.saw("the preview: to whom, which template, what it costs, in which mode")
    return shown


def _asked(message: Seen, samples: dict[str, str]) -> str:
    """Which field the question is about: it stands in the line of the question."""
    line = next((line for line in reversed(message["text"].splitlines()) if line.rstrip().endswith("?")), "")
    return next((name for name in samples if name in line), "")
