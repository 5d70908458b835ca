"""Live trading rehearsed on recorded days: parity with the backtest, faults, endurance."""
