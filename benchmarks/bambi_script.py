"""What an analyst would write with Bambi: read a table, fit, print a summary.

uv run --group benchmarks python benchmarks/bambi_script.py TABLE.parquet
"""

from __future__ import annotations

import sys

import arviz_stats
import bambi as bmb
import numpy as np
import polars as pl

COLUMNS = ("creator_id", "tier", "reach", "likes", "comments", "conversions")
posts = pl.read_parquet(sys.argv[1], columns=list(COLUMNS)).drop_nulls().to_pandas()
posts["exposure"] = np.log(posts["reach"])
posts["volume"] = np.log((1 + posts["likes"]) / posts["reach"])
posts["conversation"] = np.log((1 + posts["comments"]) / (1 + posts["likes"]))
model = bmb.Model(
    "conversions ~ 1 + volume + conversation + offset(exposure) + (1|tier) + (1|creator_id)",
    posts,
    family="negativebinomial",
)
fitted = model.fit(
    inference_method="nutpie", draws=1000, tune=500, chains=4, random_seed=1, progressbar=False
)
print(arviz_stats.summary(fitted, var_names=["~mu"]))
