"""The hedge: how well one pair stands in for another, how large a leg is, and how long it lives."""
