"""The garbage collector, told what stays: modules and classes loaded at the start are not looked through again."""

from __future__ import annotations

import gc


def keep_what_is_loaded() -> None:
    """Call once, when a process has loaded what it needs, and before it forks.

    A full collection walks everything alive; with Django loaded that takes tens of milliseconds, in the middle of
    whatever makes many objects. What is frozen is not walked, and forked children share its pages.
    """
    gc.collect()
    gc.freeze()
