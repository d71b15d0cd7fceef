"""The safety gate: policy, kill switch and pure checks over a snapshot."""
