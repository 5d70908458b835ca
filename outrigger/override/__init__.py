"""The trader's own word: what was said, until when, and what it does to trades."""
