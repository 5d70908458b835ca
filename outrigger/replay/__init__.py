"""A market to try things on: recorded or synthetic data, an exchange that replays it, offline runs."""
