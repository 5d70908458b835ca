"""Trained regime models on disk: what they are, how they are written, and when they are refused."""
