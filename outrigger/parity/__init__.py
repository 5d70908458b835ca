"""The same days through Freqtrade's backtest and through its live engine, trade by trade."""
