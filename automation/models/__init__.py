"""Rules, their firings, and everything else automation keeps. Django finds the tables of this room through here."""

from __future__ import annotations

from automation.models.executions import COUNTED_EXECUTIONS, OPEN_EXECUTIONS, ActionExecution, ExecutionState, Trace
from automation.models.hooks import ActionHook, HookCall
from automation.models.missing import Missed, Outage
from automation.models.proving import ReplayRun, ShadowTrade
from automation.models.rules import TRANSITIONS, Action, ActionStatus, ActionType, ActionVersion, MissedPolicy, Mode
from automation.scheduling.models import JobRun, JobsStopped, ScheduledJob
from automation.strategies.models import Strategy, StrategyRun, StrategySignal, StrategySymbol, StrategyVersion

# These point at the tables above, so they come after them.
from automation.backtest.models import BacktestRun  # isort: skip
from automation.rebalancing.models import DriftEpisode, RebalanceLeg, RebalanceRun  # isort: skip

__all__ = [
    "COUNTED_EXECUTIONS",
    "OPEN_EXECUTIONS",
    "TRANSITIONS",
    "Action",
    "ActionExecution",
    "ActionHook",
    "ActionStatus",
    "ActionType",
    "ActionVersion",
    "BacktestRun",
    "DriftEpisode",
    "ExecutionState",
    "HookCall",
    "JobRun",
    "JobsStopped",
    "Missed",
    "MissedPolicy",
    "Mode",
    "Outage",
    "RebalanceLeg",
    "RebalanceRun",
    "ReplayRun",
    "ScheduledJob",
    "ShadowTrade",
    "Strategy",
    "StrategyRun",
    "StrategySignal",
    "StrategySymbol",
    "StrategyVersion",
    "Trace",
]
