"""Market data: candle files, funding, order book, open interest; read, checked, turned into features."""
