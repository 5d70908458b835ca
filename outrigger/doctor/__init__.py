"""Checks configuration, data, versions and exchange before any money depends on them."""
