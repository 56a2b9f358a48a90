"""What influencer posts are worth: Bayesian models from likes, comments and tier to conversions."""

__version__ = "0.1.0"
