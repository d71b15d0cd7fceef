"""Actions: standing rules, their triggers, firings and executions."""
