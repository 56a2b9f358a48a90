"""Charts: pure functions from a tidy table to an Altair chart, one theme, one way to save."""
