"""Feature columns from stored market data: pure functions, the same in backtest, dry run and live."""
