"""Live recording of order books, funding, open interest, ratios and liquidations."""
