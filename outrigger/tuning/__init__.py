"""Tuning that does not flatter itself: a loss that doubts few trades, a walk forward that shows the unseen.

`loss` judges one hyperopt epoch; `walk_forward` runs Freqtrade's own hyperopt on one window and its
backtest on the next, again and again, and `result` tells what came of the windows that no search saw.
"""
