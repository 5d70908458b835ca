"""Same entries, different stops and hedges, over windows and pairs, on one machine or a Dask cluster."""
