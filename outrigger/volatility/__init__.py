"""How much the price is likely to move: estimators, seasons, forecasts and their comparison."""
