"""Order book, metrics and liquidations on disk: what Freqtrade keeps no history of."""
