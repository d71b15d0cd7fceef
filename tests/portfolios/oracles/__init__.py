"""What independent libraries say about the vendored prices; `make.py` says which and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXPECTED: dict[str, Any] = json.loads((Path(__file__).parent / "expected.json").read_text())
COUNT = 757  # closes of AAPL and IBM
SHORT = 190  # closes of all five
