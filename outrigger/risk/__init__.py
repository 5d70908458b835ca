"""Risk: size, leverage, distance to liquidation, walking away."""
