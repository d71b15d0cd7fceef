"""What one socket, and one user's sockets together, may cost. Close codes say which limit was met."""

from __future__ import annotations

from collections import Counter, deque

NOT_SIGNED_IN = 4401  # no good ticket, or the session or token ended: sign in or get a ticket, then connect again
TIMED_OUT = 4408  # no ticket within 10 s, a reader too slow for 10 s, or open for 12 h: connect again
TOO_MANY = 4429  # messages, or open sockets of this user
TOO_LARGE = 1009  # a message above 4 KB
NOT_TEXT = 1003
BROKEN = 1011  # our fault: connect again

MESSAGE_BYTES = 4096
SOCKETS_PER_USER = 10  # in one web process
SYMBOLS_PER_SOCKET = 200


class Rate:
    """At most `count` messages in any `seconds`."""

    def __init__(self, count: int = 20, seconds: float = 10) -> None:
        self.count, self.seconds = count, seconds
        self._at: deque[float] = deque()

    def admits(self, at: float) -> bool:
        """Count a message at `at` (monotonic seconds); False if it is one too many."""
        while self._at and self._at[0] <= at - self.seconds:
            self._at.popleft()
        self._at.append(at)
        return len(self._at) <= self.count


class OpenSockets:
    """How many sockets each user has open in this process."""

    def __init__(self, per_user: int = SOCKETS_PER_USER) -> None:
        self.per_user = per_user
        self._open: Counter[int] = Counter()

    def enter(self, user_id: int) -> bool:
        """Take a place; False if the user has none left."""
        if self._open[user_id] >= self.per_user:
            return False
        self._open[user_id] += 1
        return True

    def leave(self, user_id: int) -> None:
        """Give the place back."""
        self._open[user_id] -= 1
        if self._open[user_id] <= 0:
            del self._open[user_id]
