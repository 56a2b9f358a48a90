"""Speed measured against other tools: each command prints ratios of one run on one machine."""
