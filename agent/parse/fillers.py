"""Words that carry no meaning of their own once everything else of a sentence is understood."""

from __future__ import annotations

# fmt: off
FILLERS = frozenset({
    "a", "about", "account", "add", "after", "again", "all", "also", "an", "and", "another", "any", "are", "as", "at",
    "auto", "automatically", "back", "be", "been", "both", "but", "by", "can", "case", "close", "company",
    "condition", "conditions", "create", "current", "currently", "do", "does", "either", "even", "ever", "ever's",
    "first", "for", "from", "get", "gets", "given", "go", "goal", "goes", "has", "have", "hello", "hey", "hi",
    "holding", "holdings", "i", "i'd", "id", "if", "immediately", "in", "into", "is", "it", "its", "just", "kindly",
    "level", "like", "long", "make", "mark", "market", "me", "moment", "my", "next", "now", "of", "on",
    "once", "one", "only", "onto", "open", "or", "order", "orders", "our", "out", "paper", "place", "please", "point",
    "portfolio", "position", "positions", "price", "provided", "puffling", "put", "rule", "same", "set", "share",
    "shares", "should", "so", "soon", "still", "stock", "stocks", "strategies", "strategy", "target", "targets",
    "thank", "thanks", "that", "the", "them", "then", "there", "they", "this", "time", "to", "trade", "trades",
    "under", "unless", "up", "us", "value", "via", "want", "we", "when", "whenever", "which", "while", "whole",
    "will", "with", "worth", "would", "you", "your",
})
# fmt: on
