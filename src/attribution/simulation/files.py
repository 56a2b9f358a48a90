"""Write a simulated brand: the three exports as CSV, the truth, and a page that says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from attribution.errors import InputError, Problem
from attribution.simulation.truth import ORDERS, POSTS, TRUTH, Truth

README = "README.md"
DATETIME = "%Y-%m-%dT%H:%M:%SZ"

WHAT = {
    "samples": "Orders come through reach, likes and comments by the additive rates model.",
    "null": "All orders come through reach: likes and comments carry nothing.",
    "prior": "The parameters are a draw from the priors of the model `{model}`.",
}

PAGE = """# A simulated brand

**Everything in this folder is simulated.** No creator, post, order or customer is real.
{what}

| file | rows | what it is |
| --- | ---: | --- |
| `creators.csv` | {creators:,} | creators with platform and followers |
| `posts.csv` | {posts:,} | posts with reach, views, likes, comments, code and costs |
| `orders.csv` | {orders:,} | the shop's export of orders: date, code, amounts |
| `{truth}` | – | the parameters that made them, in all, by tier and by creator |
| `{truth_posts}` | {posts:,} | expected and drawn orders of each post, by part |
| `{truth_orders}` | {orders:,} | which post brought each order, and through which part |

The `truth` files are there to compare estimates with; a brand never has them.

{codeless:,} orders carry no code and belong to no post. {hidden:,} posts hide their likes: an empty
cell, not a 0.{told} Posts go online until {last:%Y-%m-%d}; the orders were exported on
{export:%Y-%m-%d}, so that late orders of the last posts are missing.

To make it again:

```sh
{command}
```
{lifts}"""

FAKES = (
    "\nOf the likes and comments that a creator shows {mean:.0%} are fake on average;"
    " `audience_credibility` is\nwhat a vendor says of the audience."
)

LIFTS = """
Lift tests measured the orders that campaigns brought (`truth.json` has what is true of them). In a
model spec they are

```toml
[experiments]
{incremental}
{tests}
```
"""

LIFT = """
[[experiments.tests]]
name = "{lift.name}"
posts = "{lift.posts}"
estimate = {lift.estimate:.1f}
standard_error = {lift.standard_error:.1f}
"""

INCREMENTAL = 'incremental = { name = "log_normal", mu = 0.0, sigma = 1.0 }'

Tables = Mapping[str, pl.DataFrame]


def write(folder: Path, tables: Tables, truth: Truth, *, overwrite: bool) -> None:
    """Write the tables as CSV, the truth, and README.md; see ``Brand.write``."""
    check_folder(
        folder, [*(f"{name}.csv" for name in tables), TRUTH, POSTS, ORDERS, README], overwrite
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv", datetime_format=DATETIME)
    truth.save(folder)
    (folder / README).write_text(page(tables, truth), encoding="utf-8")


def page(tables: Tables, truth: Truth) -> str:
    """Return the text of README.md."""
    burst = ", ".join(f"{leak.creator_id} ({leak.orders} orders)" for leak in truth.leaks)
    leaks = f" Codes leaked to people who saw no post: {burst}." if burst else ""
    fakes = "" if truth.fakes is None else FAKES.format(mean=truth.fakes.mean)
    return PAGE.format(
        what=WHAT[truth.kind].format(model=truth.model),
        creators=tables["creators"].height,
        posts=tables["posts"].height,
        orders=tables["orders"].height,
        truth=TRUTH,
        truth_posts=POSTS,
        truth_orders=ORDERS,
        codeless=tables["orders"].get_column("code").null_count(),
        hidden=tables["posts"].get_column("likes").null_count(),
        told=f"{leaks}{fakes}{_missed(truth)}",
        last=truth.posts_until,
        export=truth.export,
        command=command(truth),
        lifts=_lifts(truth),
    )


def _missed(truth: Truth) -> str:
    """Say which orders codes miss and claim wrongly."""
    if truth.capture is None:
        return ""
    said = f"\nOf the orders that go with posts {truth.capture.share:.0%} carry a code"
    anyway = f"; buyers of {truth.capture.anyway:.0%} would have come anyway"
    return f"{said}{anyway if truth.capture.anyway else ''}."


def _lifts(truth: Truth) -> str:
    """Return lift tests as a spec states them."""
    tests = "".join(LIFT.format(lift=lift) for lift in truth.lifts).rstrip("\n")
    return LIFTS.format(incremental=INCREMENTAL, tests=tests) if truth.lifts else ""


def command(truth: Truth) -> str:
    """Return the command that makes such a brand again, in full."""
    words = ["attribution simulate my-brand"]
    words += [f"--creators {truth.creators.height}", f"--posts {truth.posts.height}"]
    words += [f"--seed {truth.seed}"]
    words += ["--leaks"] if truth.leaks else []
    words += [] if truth.fakes is None else [f"--fakes {truth.fakes.mean:g}"]
    if truth.values.refunds_vary and truth.kind != "prior":
        words += [f"--refunds {1.0 - truth.values.paying_share:g}"]
    if truth.capture is not None and truth.kind != "prior":
        words += [f"--capture {truth.capture.share:g}"]
        words += [f"--anyway {truth.capture.anyway:g}"] if truth.capture.anyway else []
    words += [f"--lift-tests {len(truth.lifts)}"] if truth.lifts else []
    words += ["--null"] if truth.kind == "null" else []
    words += [f"--from-prior {truth.model}"] if truth.kind == "prior" else []
    return " ".join(words)


def check_folder(folder: Path, names: Sequence[str], overwrite: bool) -> None:
    """Raise where files cannot be written, or are there and not to be replaced."""
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem("this is a file, not a folder", file=str(folder)))
    there = [name for name in names if (folder / name).exists()]
    if there and not overwrite:
        raise InputError(
            Problem(
                f"the folder already has {', '.join(there)}",
                file=str(folder),
                hint="Choose another folder, or replace them with --force.",
            )
        )
