"""When a pattern counts as recalled: the same for protocols, predictions and analysis."""

RECALLED = 0.95  # overlap above which it does
