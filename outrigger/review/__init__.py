"""What trades, stops and studies came to: measures, comparisons and reports."""
