"""Every column that book, funding and open interest give, in one place.

Documentation, model cards and checks read this list: none of them can name a column that does not exist.
"""

from __future__ import annotations

from typing import Final

from outrigger.market.features.book import BOOK_FEATURES
from outrigger.market.features.funding import FUNDING_FEATURES
from outrigger.market.features.interest import INTEREST_FEATURES

FEATURES: Final = (*BOOK_FEATURES, *FUNDING_FEATURES, *INTEREST_FEATURES)
