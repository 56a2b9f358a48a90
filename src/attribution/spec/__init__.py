"""Model specs: what a TOML file in ``models/`` says, as frozen data."""
