"""The last act of a run: the report, handed in as a tool call and read strictly."""

from __future__ import annotations

from pydantic import ValidationError

from agent.providers.base import ToolCall, ToolSpec
from agent.report import Report
from common.errors import PufflingError

REPORT_TOOL = ToolSpec(
    name="submit_report",
    description=(
        "Hand in the report and end the run. Every number in it must come from a tool result or from the facts. "
        "Suggestions are optional; give none when nothing should be done."
    ),
    schema=Report.model_json_schema(),
)


class Unusable(PufflingError):
    """The report cannot be read; the message tells the model what to mend."""

    code = "report_unusable"


def read_report(call: ToolCall) -> Report:
    """The report of a call. Raises Unusable naming what is wrong."""
    if call.arguments is None:
        raise Unusable(f"{call.problem}. Hand in the whole report again, shorter if need be.")
    try:
        return Report.model_validate(call.arguments)
    except ValidationError as wrong:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors(include_url=False)][:10]
        raise Unusable(f"The report cannot be used: {'; '.join(problems)}.") from None
