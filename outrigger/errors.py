"""Everything Outrigger refuses, in one small hierarchy.

A message says what is wrong, where, and what to do next; callers that only want to
report it can catch `OutriggerError` and print it without a traceback.
"""


class OutriggerError(Exception):
    """Anything that Outrigger refuses to do."""


class SettingsError(OutriggerError):
    """A value in the `"outrigger"` block of the configuration cannot be used."""


class DataError(OutriggerError):
    """Market data is missing, malformed or contradicts itself."""


class StateError(OutriggerError):
    """A stored document, such as a trade's stop state, cannot be read."""


class ReplayError(OutriggerError):
    """The replay exchange cannot serve, or a command run against it failed."""
