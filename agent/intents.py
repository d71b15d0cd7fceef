"""What a chat message wants, when it is not a new rule: look at rules, ask why, pause, resume, cancel, change one."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

RULE = r"(?:rules?|actions?|orders?|alerts?)"
WHICH = rf"(?:my |the |all |all my |every )?(?P<which>.*?)\s*(?P<noun>{RULE})?(?:\s+(?:for|on)\s+(?P<on>[\w.&' -]+?))?[.?!]*"
LIST = re.compile(rf"(?:please )?(?:list|show(?: me)?|what are|which are)(?: all)?(?: of)?(?: my)?(?: (?P<status>active|paused))? {RULE}(?: for (?P<on>[\w.&' -]+?))?[.?!]*", re.IGNORECASE)  # fmt: skip
WHY = re.compile(rf"(?:why|how come) (?:did ?n[o']t|did not|has ?n[o']t|has not|does ?n[o']t|hasn't|doesn't|didn't)(?: my| the)? (?P<which>.*?) ?{RULE}? (?:fire|trade|trigger|execute|buy|sell|run|happen)[.?!]*", re.IGNORECASE)  # fmt: skip
EXPLAIN = re.compile(rf"(?:please )?(?:explain|describe|what does)(?: my| the)? (?P<which>.+?)(?: {RULE})?(?: do)?[.?!]*", re.IGNORECASE)  # fmt: skip
CHANGE = re.compile(
    rf"(?:please )?(?P<verb>pause|resume|restart|unpause|cancel|delete|remove|stop) {WHICH}", re.IGNORECASE
)
EDIT = re.compile(rf"(?:please )?(?:change|set|move|update|edit)(?: the| my)? (?P<what>price|threshold|level|limit|trigger|quantity|size|shares?|percent|amount)(?: (?:of|for|on)(?: my| the)?)? (?P<which>.*?)(?: {RULE})? to \$?(?P<value>[\d.,]+)(?: ?%| shares?| dollars?)?[.?!]*", re.IGNORECASE)  # fmt: skip
VERBS = {"pause": "pause", "resume": "resume", "restart": "resume", "unpause": "resume"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """`which` is what was said of the rule: a symbol, a name, an id, or nothing for all."""

    kind: str  # list | why | explain | pause | resume | cancel | edit
    which: str = ""
    status: str = ""
    what: str = ""
    value: Decimal | None = None


def intent_of(text: str) -> Intent | None:
    """The intent of a message, or None: then it is a sentence for a new rule, or a question."""
    said = " ".join(text.split())
    if match := LIST.fullmatch(said):
        return Intent(kind="list", which=match["on"] or "", status=(match["status"] or "").lower())
    if match := WHY.fullmatch(said):
        return Intent(kind="why", which=match["which"])
    if match := EDIT.fullmatch(said):
        try:
            value = Decimal(match["value"].replace(",", "").rstrip("."))
        except InvalidOperation:
            return None
        return Intent(kind="edit", which=match["which"], what=match["what"].lower(), value=value)
    if (match := CHANGE.fullmatch(said)) and (match["noun"] or match["which"]):
        verb = match["verb"].lower()
        if verb == "stop" and not match["noun"]:  # "stop at 150": a sentence for a rule
            return None
        return Intent(kind=VERBS.get(verb, "cancel"), which=(match["on"] or match["which"]).strip())
    if match := EXPLAIN.fullmatch(said):
        return Intent(kind="explain", which=match["which"])
    return None
