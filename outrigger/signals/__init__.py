"""Entry signals: three charts vote, agreement opens a trade.

`indicators.measure_charts` turns closed candles of three timeframes into threshold-free columns,
`indicators.chart_votes` turns those columns into votes, `confluence` turns votes into side,
confidence and tag, and `events` picks the candles on which an agreement begins.
"""
