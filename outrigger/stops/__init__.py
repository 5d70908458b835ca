"""The stop law: pure functions over closed candles."""
