"""Published archives of order book and metrics: fetched, verified, read, cleaned of named defects, stored."""
