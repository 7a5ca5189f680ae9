"""`candor backtest`: runs recorded promises through the forecasting engine."""
