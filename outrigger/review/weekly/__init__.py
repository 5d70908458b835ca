"""The weekly review of an account: what it did, against what, and what deserves attention."""
