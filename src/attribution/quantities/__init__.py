"""From draws to tidy tables: effects, contributions, ROI, comparison and what charts show."""
