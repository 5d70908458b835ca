"""Where Outrigger meets Freqtrade: everything that imports it, but for the strategy class itself."""
