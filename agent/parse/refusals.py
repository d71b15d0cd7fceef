"""What a sentence may ask for that Puffling does not do, or that words alone may not bring about."""

from __future__ import annotations

import re

from agent.parse.types import Refusal

REFUSALS: tuple[tuple[str, str, str], ...] = (
    (
        "SHORTING",
        r"\bshort(?:ing)?\s+(?:sell\s+)?(?:\$?\d|[A-Za-z]{1,5}\b(?<!term)(?<!dated))|\bsell\s+short\b|\bgo(?:ing)?\s+short\b|\bnaked\b|\bsell\b.{0,40}\b(?:i|we)\s+(?:do\s?n[o']?t|don't)\s+(?:own|have|hold)",
        "Puffling never sells more than is held: there is no shorting. To sell what you hold, say how many shares.",
    ),
    (
        "OPTIONS",
        r"\b(?:options?|calls?\s+(?:option|contract)s?|put\s+options?|puts|covered\s+calls?|strike|straddle|contracts?|futures?)\b|\b(?:buy|sell|write)\s+(?:\d+\s+|a\s+)?(?:[A-Za-z$]+\s+)?(?:calls?|puts?)\b",
        "Puffling trades stocks and ETFs: no options or futures.",
    ),
    (
        "LEVERAGE",
        r"\b(?:leverage[d]?|margin|borrow(?:ed)?|loan|on\s+credit|\d+x\s+long)\b",
        "Puffling trades with the cash that is there: no leverage, margin or borrowing.",
    ),
    (
        "SAFETY",
        r"\b(?:disable|turn\s+off|switch\s+off|bypass|ignore|skip|remove|override|lift|raise|increase|loosen|weaken|relax|double|disregard|without)\b.{0,40}\b(?:safety|limits?|gate|checks?|kill\s?-?switch|polic(?:y|ies)|caps?|approvals?|guards?|restrictions?|rules?\s+about)\b|\b(?:arm|go)\s+live\b|\b(?:un-?halt|resume\s+trading)\b",
        "Safety limits are not changed by a sentence: a person does that on the page Safety, with the password.",
    ),
    (
        "APPROVAL",
        r"\bapprove\b|\bconfirm\s+(?:all|every|the|my)\s+(?:pending|waiting|orders?)",
        "Only a person approves an order, on the page Orders & approvals.",
    ),
    (
        "ADVICE",
        r"\b(?:best|hottest|top|good|promising|safest|cheapest|undervalued)\s+(?:performing\s+)?(?:stocks?|etfs?|shares?|companies|investments?|picks?)\b|\bwhatever\s+(?:you|looks|is)\b|\byou\s+(?:decide|choose|pick)\b|\bsomething\s+(?:good|safe|cheap)\b",
        "A rule needs a symbol you chose. Ask the agent for an analysis if you want ideas.",
    ),
    (
        "WITHDRAWAL",
        r"\b(?:withdraw|wire|transfer|send)\b.{0,30}\b(?:money|cash|funds|dollars?|account|\$)",
        "Puffling moves no money out of or into an account.",
    ),
    (
        "CRYPTO",
        r"\b(?:bitcoin|btc|ethereum|eth|dogecoin|crypto(?:currency)?|solana)\b",
        "Puffling trades US stocks and ETFs: no crypto.",
    ),
)


def refusal_of(text: str) -> Refusal | None:
    """The first thing in the text that is refused, if any."""
    for code, pattern, reason in REFUSALS:
        if re.search(pattern, text, re.IGNORECASE):
            return Refusal(code=code, text=reason)
    return None
