"""`candor backtest`: recorded promises through the engine."""
