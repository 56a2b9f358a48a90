"""Bad input, tried as a new user would: one clear message, the right exit code, no traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from support import tiny
from support.runs import FAILED

from attribution.cli import main
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.run import Run, save_run
from attribution.spec import catalogue_names, spec_text

GOOD = """post_id,creator_id,tier,reach,likes,comments,conversions
p1,ann,nano,1000,60,3,2
p2,ann,nano,1500,90,4,1
p3,bob,micro,9000,400,9,3
"""


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(*words: str | Path, code: int = 2) -> list[str]:
    """Run a command that must be refused and return the lines of its message."""
    result = invoke(*words)
    assert result.exit_code == code, result.stderr
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "defect" not in result.stderr
    return result.stderr.splitlines()


def usage(*words: str | Path) -> str:
    """Run a command with bad options and return the last line of its message."""
    return refused(*words)[-1]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    return path


WITH_BOTH = {
    "fit": lambda spec, table, out: ("fit", spec, table, "-o", out),
    "models show": lambda spec, table, _out: ("models", "show", spec, table),
    "models check": lambda spec, table, _out: ("models", "check", spec, table),
}


@pytest.mark.parametrize("command", WITH_BOTH)
def test_a_missing_model_and_a_bad_table_are_told_together(command: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("post_id,conversions\n")
    lines = refused(*WITH_BOTH[command]("nosuch", bad, tmp_path / "run"))
    assert any("nosuch" in line for line in lines)
    assert any("the file has a header and no rows" in line for line in lines)


def test_settings_a_missing_model_and_a_bad_table_are_told_together(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("post_id,conversions\n")
    with pytest.raises(InputError) as caught:
        fit("nosuch", bad, draws=3, out=bad)
    assert len(caught.value.problems) == 4


UNUSABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "blank": (b"\n \n", "the file is empty"),
    "only a header": (b"post_id,conversions\n", "the file has a header and no rows"),
    "wrong delimiter": (
        GOOD.replace(",", "^").encode(),
        "The header has one column only. If another "
        "character than , ; tab or | separates the cells, say so in a mapping file",
    ),
    "latin-1": (
        GOOD.replace("ann", "anné").encode("latin-1"),
        "row 2: byte 64 is no text in utf-8 (found '0xe9'). Save the file as UTF-8, or say "
        'encoding = "cp1252"',
    ),
    "utf-16": (
        GOOD.encode("utf-16"),
        "row 1: byte 1 is no text in utf-8 (found '0xff'). Save the file as UTF-8, or say "
        'encoding = "utf-16"',
    ),
    "a workbook": (b"PK\x03\x04...", "this is an Excel or zip file; save the sheet as CSV"),
    "damaged Parquet": (b"PAR1 and no more PAR1", "the Parquet file is damaged"),
}


@pytest.mark.parametrize("command", ["validate", "fit"])
@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_cannot_be_used(case: str, command: str, tmp_path: Path) -> None:
    content, message = UNUSABLE[case]
    table = tmp_path / "posts.csv"
    table.write_bytes(content)
    out = tmp_path / "run"
    words = {
        "validate": ("validate", table, "--kind", "analysis"),
        "fit": ("fit", "additive", table, "-o", out),
    }[command]
    first = refused(*words)[0]
    assert first.startswith(f"error: {table}")
    assert message in first
    assert not out.exists()


def test_a_missing_column(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    table.write_text(GOOD.replace("conversions", "conversion"))
    (line,) = refused("validate", table, "--kind", "analysis")
    assert line.startswith(
        f"error: {table}, column 'conversions': the column is missing. Did you mean 'conversion'?"
    )
    (line,) = refused("fit", "additive", table, "-o", tmp_path / "run")
    assert "key outcome.column: the model's column 'conversions' is not in the table" in line
    assert line.endswith("Did you mean 'conversion'?")


@pytest.mark.parametrize(
    "words",
    [
        ("validate", "gone.csv", "--kind", "posts"),
        ("fit", "additive", "gone.csv", "-o", "run"),
        ("ingest", "gone.csv", "gone.csv", "-o", "joined"),
    ],
)
def test_a_missing_file(words: tuple[str, ...]) -> None:
    assert set(refused(*words)) == {"error: gone.csv: there is no such file"}


def test_a_folder_where_a_file_is_due(tmp_path: Path) -> None:
    line = f"error: {tmp_path}: this is a folder; expected a CSV or Parquet file"
    assert refused("validate", tmp_path, "--kind", "analysis") == [line]
    assert refused("fit", "additive", tmp_path, "-o", tmp_path / "run") == [line]


BAD_ROWS = GOOD + (
    "p4,bob,micro,900,many,1,0\np5,bob,micro,900,-3,1,0\np2,bob,micro,900,4,1,0\np6,bob,micro,900\n"
)


def test_every_bad_row_is_told_with_its_line_and_cell(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    table.write_text(BAD_ROWS)
    result = invoke("validate", table, "--kind", "analysis", "--rejects", tmp_path / "bad.csv")
    assert result.exit_code == 2
    for line in (
        "posts.csv, row 5, column 'likes': the cell cannot be read (found 'many'); expected a "
        "whole number, 0 or more",
        "posts.csv, row 6, column 'likes': the value is too small (found '-3'); expected a whole "
        "number, 0 or more",
        "posts.csv, row 7, column 'post_id': the id appeared before (found 'p2'); expected each "
        "post_id once; row 3 has it already",
        "posts.csv, row 8: the row has more or fewer cells than the header (found '4 cells'); "
        "expected 7 cells; quote a cell that holds ','",
    ):
        assert line in result.stderr.splitlines()
    assert pl.read_csv(tmp_path / "bad.csv")["row"].to_list() == [5, 6, 7, 8]


def test_fit_says_how_many_rows_it_sets_aside_and_why(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    table.write_text(BAD_ROWS)
    # What stands in its way ends the fit before it samples.
    warning, error = refused("fit", "additive", table, "-o", table)
    assert warning == (
        "warning: rows set aside: 4 (1 × likes: the cell cannot be read; 1 × likes: the value is "
        "too small; 1 × post_id: the id appeared before; 1 × the row has more or fewer cells than "
        "the header); 'attribution validate FILE --kind analysis' lists them"
    )
    assert error.startswith(f"error: {table}: this is there already")


def test_an_optional_column_under_another_name_is_no_silent_loss(tmp_path: Path) -> None:
    posts, orders = tmp_path / "posts.csv", tmp_path / "orders.csv"
    posts.write_text(
        "post_id,creator_id,posted_at,code,reach,Likes,comment,mood\n"
        "p1,ann,2025-03-01 12:00,ANN,900,50,3,good\n"
    )
    orders.write_text("order_id,ordered_at,code\no1,2025-03-02 10:00,ANN\n")
    for words in (
        ("validate", posts, "--kind", "posts"),
        ("ingest", posts, orders, "-o", tmp_path / "joined"),
    ):
        result = invoke(*words)
        assert result.exit_code == 0
        said = [line for line in result.stderr.splitlines() if "map it" in line]
        assert said == [
            "warning: posts have no column 'likes', but 'Likes': if that is it, map it: "
            '--mapping FILE with [posts] likes = "Likes"',
            "warning: posts have no column 'comments', but 'comment': if that is it, map it: "
            '--mapping FILE with [posts] comments = "comment"',
        ]


def test_a_table_without_a_good_row(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    table.write_text("post_id,conversions,reach\np1,some,10\np2,-1,10\n")
    assert refused("fit", "additive", table, "-o", tmp_path / "run") == [
        f"error: {table}: none of the 2 rows can be used; the first problems follow",
        "error: posts.csv, row 2, column 'conversions': the cell cannot be read (found 'some'); "
        "expected a whole number, 0 or more",
        "error: posts.csv, row 3, column 'conversions': the value is too small (found '-1'); "
        "expected a whole number, 0 or more",
    ]


def test_a_table_without_exposure(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    table.write_text("post_id,conversions,reech\np1,1,10\n")
    (line,) = refused("fit", "additive", table, "-o", tmp_path / "run")
    assert "key outcome.exposure: the model's column 'reach' is not in the table" in line
    assert line.endswith("Did you mean 'reech'?")


def test_orders_without_a_post_are_written_out_with_the_reason(tmp_path: Path) -> None:
    posts, orders = tmp_path / "posts.csv", tmp_path / "orders.csv"
    posts.write_text("post_id,creator_id,posted_at,code,reach\np1,ann,2025-03-01 12:00,ANN,900\n")
    orders.write_text("order_id,ordered_at,code\no1,2025-03-02,EVE\no2,2025-02-01,ANN\no3,,ANN\n")
    result = invoke("ingest", posts, orders, "-o", tmp_path / "joined")
    assert result.exit_code == 0
    assert "of 3 orders 0 credited, 2 without a post, 1 set aside" in result.stderr
    unattributed = pl.read_csv(tmp_path / "joined" / "unattributed.csv")
    assert sorted(unattributed["order_id"]) == ["o1", "o2"]
    assert unattributed["reason"].null_count() == 0
    assert pl.read_parquet(tmp_path / "joined" / "analysis.parquet")["conversions"].sum() == 0


Change = Callable[[str], str]

SPECS: dict[str, tuple[Change, list[str]]] = {
    "keys misspelt": (
        lambda text: text.replace("sigma = 2.5", "sigam = 2.5").replace("[dispers", "[disspers"),
        [
            "key mean.rate.sigam: unknown key. Did you mean 'sigma'?",
            "key disspersion: unknown key. Did you mean 'dispersion'?",
        ],
    ),
    "an impossible prior": (
        lambda text: text.replace("sigma = 2.5", "sigma = -2.5"),
        ["key mean.rate.sigma:"],
    ),
    "a column misspelt": (
        lambda text: text.replace('by = "tier"', 'by = "teir"'),
        ["key mean.terms[0].by: the table has no column 'teir'; expected one of post_id, "],
    ),
    "an outcome in text": (
        lambda text: text.replace('column = "conversions"', 'column = "words"'),
        ["key outcome.column: the model cannot count with the column 'words' (found 'few')"],
    ),
    "an outcome in fractions": (
        lambda text: text.replace('column = "conversions"', 'column = "shares"'),
        ["key outcome.column: the model cannot count with the column 'shares' (found '0.5')"],
    ),
    "a part below 0": (
        lambda text: text.replace('"comments"', '"debts"').replace("comments = ", "debts = "),
        ["key mean.parts[2]: the model cannot count with the column 'debts' (found '-7')"],
    ),
    "no TOML": (lambda _: "mean = [\n", ["own.toml"]),
}


@pytest.mark.parametrize("case", SPECS)
def test_a_spec_with_mistakes(case: str, tmp_path: Path) -> None:
    change, messages = SPECS[case]
    spec, table, out = tmp_path / "own.toml", tmp_path / "posts.csv", tmp_path / "run"
    spec.write_text(change(spec_text("additive")))
    pl.read_csv(GOOD.encode()).with_columns(
        words=pl.lit("few"), shares=pl.lit(0.5), debts=pl.lit(-7)
    ).write_csv(table)
    lines = refused("fit", spec, table, "-o", out)
    for message in messages:
        assert any(message in line for line in lines), lines
    assert not out.exists()


def test_a_feature_may_be_made_from_text(tmp_path: Path) -> None:
    from attribution.data import read_analysis
    from attribution.design import build_design
    from attribution.spec import parse_spec

    text = spec_text("engagement").replace(
        "ln((1 + likes) / reach)", "CASE WHEN kind = 'a' THEN 1 ELSE 0 END"
    )
    text = text.replace("[missing]", '[missing]\nkind = "set_aside"')
    frame = pl.read_csv(GOOD.encode()).with_columns(kind=pl.Series(["a", "b", "b"]))
    design = build_design(parse_spec(text), read_analysis(frame).frame)
    assert design.features["volume"].round(6).tolist() == [0.666667, -0.333333, -0.333333]


def test_an_unknown_model(good: Path, tmp_path: Path) -> None:
    for words in (("fit", "additiv", good, "-o", tmp_path / "run"), ("models", "show", "additiv")):
        assert refused(*words) == [
            "error: there is no model 'additiv' in the catalogue and no such file; expected one of "
            f"{', '.join(catalogue_names())}, or a TOML file. Did you mean 'additive'?"
        ]
    (line,) = refused("fit", "own.toml", good, "-o", tmp_path / "run")
    assert line.startswith("error: own.toml: there is no such file; expected a model spec as TOML")


def test_a_mapping_with_mistakes(good: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    fit = ("fit", "additive", good, "-o", tmp_path / "run", "--mapping", mapping)
    assert "mapping.toml: there is no such mapping file" in refused(*fit)[0]
    mapping.write_text('[analysis]\nlikes = "Likes"\nconvresions = "Orders"\n')
    lines = refused(*fit)
    assert any("convresions" in line and "conversions" in line for line in lines), lines


def test_tiers_that_cannot_be(good: Path, tmp_path: Path) -> None:
    fit = ("fit", "additive", good, "-o", tmp_path / "run", "--tiers")
    assert "tiers need the column followers" in refused(*fit, "nano<1000<=micro")[0]
    assert refused(*fit, "nano<<micro")


def test_settings_out_of_range(good: Path, tmp_path: Path) -> None:
    lines = refused(
        "fit", "additive", good, "-o", tmp_path / "run", "--draws", "5", "--chains", "1"
    )
    assert lines == [
        "error: key draws: draws is too small (found '5'); expected at least 50",
        "error: key chains: chains is too small (found '1'); expected at least 2",
    ]


def saved(folder: Path, run: Run) -> Path:
    """Save a hand-made run and return its folder."""
    return save_run(run, folder).path or folder


@pytest.fixture(scope="module")
def additive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("runs") / "additive", tiny.run())


@pytest.fixture(scope="module")
def engagement(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tiny.run(spec=tiny.ENGAGEMENT)
    return saved(tmp_path_factory.mktemp("runs") / "engagement", run)


@pytest.fixture
def unhealthy(tmp_path: Path) -> Path:
    run = tiny.run()
    failed = replace(run, manifest=replace(run.manifest, health=(FAILED,)))
    return saved(tmp_path / "sick", failed)


def test_what_is_there_already_is_not_replaced(good: Path, additive: Path, tmp_path: Path) -> None:
    (line,) = refused("fit", "additive", good, "-o", additive)
    assert line.startswith(f"error: {additive}: the folder for the run exists already. Choose")
    assert "--force" in line
    precious = tmp_path / "thesis"
    precious.mkdir()
    for path in (precious, good):
        for force in ((), ("--force",)):
            (line,) = refused("fit", "additive", good, "-o", path, *force)
            assert line == (
                f"error: {path}: this is there already, is not a run folder and will not be "
                "replaced. Choose another folder."
            )


def test_a_run_below_a_file_is_refused_before_anything_is_sampled(good: Path) -> None:
    (line,) = refused("fit", "additive", good, "-o", good / "runs" / "one")
    assert line == (
        f"error: {good}: a folder for the run cannot be made here: this is a file. "
        "Choose another folder."
    )


OF_A_RUN = {
    "check": (),
    "effects": (),
    "contributions": (),
    "roi": (),
    "compare": ("again",),
    "report": ("-o", "report.html"),
    "chart": ("forest", "-o", "chart.svg"),
}
"""Commands that read a run, with what they need besides."""


@pytest.mark.parametrize("command", OF_A_RUN)
def test_a_folder_that_is_no_run(command: str, tmp_path: Path) -> None:
    more = OF_A_RUN[command]
    (line,) = refused(command, tmp_path / "none", *more)
    assert line == (
        f"error: {tmp_path / 'none'}: the run folder does not exist. "
        "Give the folder that `attribution fit ... -o RUN` wrote."
    )
    assert "has no manifest.json, so it is no run" in refused(command, tmp_path, *more)[0]


WHAT_IS_DAMAGED = {
    ("deleted", True): "has no manifest.json, so it is no run",
    ("altered", True): "manifest.json cannot be read. Fit again",
    ("deleted", False): "{name} is missing from the run. Fit again",
    ("altered", False): "{name} was altered after the fit. Fit again",
}


@pytest.mark.parametrize("command", OF_A_RUN)
@pytest.mark.parametrize("name", ["table.parquet", "spec.toml", "manifest.json"])
@pytest.mark.parametrize("damage", ["deleted", "altered"])
def test_a_damaged_run(
    command: str, name: str, damage: str, additive: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(additive, tmp_path / "run")
    file = run / name
    if damage == "deleted":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-20])
    (line,) = refused(command, run, *OF_A_RUN[command])
    assert WHAT_IS_DAMAGED[damage, name == "manifest.json"].format(name=name) in line


@pytest.mark.parametrize("command", ["effects", "contributions", "roi", "chart"])
def test_altered_draws(command: str, additive: Path, tmp_path: Path) -> None:
    run = shutil.copytree(additive, tmp_path / "run")
    with (run / "posterior.nc").open("ab") as file:
        file.write(b"more")
    (line,) = refused(command, run, *OF_A_RUN[command])
    assert "posterior.nc was altered after the fit. Fit again" in line


def test_roi_without_fees(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", tiny.run(tiny.table(fee=None, product_cost=None)))
    for words in (("roi", run), ("chart", run, "roi", "-o", tmp_path / "roi.svg")):
        assert refused(*words) == [
            "error: there is no ROI: the table has no cost column; expected at least one of fee, "
            "product_cost, commission, management_cost"
        ]


def test_contributions_of_a_regression(engagement: Path, tmp_path: Path) -> None:
    for words in (
        ("contributions", engagement),
        ("chart", engagement, "contributions", "-o", tmp_path / "x.svg"),
    ):
        (line,) = refused(*words)
        assert line.startswith(
            "error: the model 'engagement' has no contributions: its parts multiply; expected"
        )


def test_runs_that_cannot_be_compared(additive: Path, tmp_path: Path) -> None:
    fewer = saved(tmp_path / "fewer", tiny.run(tiny.table().head(2)))
    (line,) = refused("compare", additive, fewer)
    assert "fewer and additive were fitted to different rows (2 and 3 posts)" in line
    assert "one run cannot be compared" in refused("compare", additive)[0]
    report = tmp_path / "report.html"
    assert "different rows" in refused("report", additive, fewer, "-o", report)[0]
    assert not report.exists()


def test_an_unhealthy_run_gives_no_report_and_no_roi(unhealthy: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    (line,) = refused("report", unhealthy, "-o", report, code=3)
    assert line == (
        "error: sick: the run is unhealthy (divergences), so a report would mislead. See "
        "`attribution check`; ask with --unhealthy (unhealthy=True) to get it all the same."
    )
    assert not report.exists()
    assert "so ROI would mislead" in refused("roi", unhealthy, code=3)[0]


def test_numbers_of_an_unhealthy_run_come_with_a_warning(unhealthy: Path) -> None:
    for command in ("effects", "contributions"):
        result = invoke(command, unhealthy)
        assert result.exit_code == 0
        assert result.stderr.startswith("warning: this run failed its health checks"), command


def test_a_report_that_cannot_be_written(additive: Path, tmp_path: Path) -> None:
    (line,) = refused("report", additive, "-o", tmp_path / "report.pdf")
    assert line.endswith("A report is one HTML file; expected a name ending in .html")
    (line,) = refused("report", additive, "-o", tmp_path / "none" / "report.html")
    assert line == f"error: {tmp_path / 'none'}: There is no such folder"


def test_a_chart_that_cannot_be_drawn(additive: Path, tmp_path: Path) -> None:
    assert "'forrest' is not one of 'forest'" in usage("chart", additive, "forrest", "-o", "x.svg")
    (line,) = refused("chart", additive, "forest", "-o", tmp_path / "forest.bmp")
    assert "A chart cannot be written in this format (found '.bmp')" in line
    assert line.endswith("expected a file name that ends in .html, .json, .pdf, .png, .svg")
    (line,) = refused("chart", additive, "forest", "-o", tmp_path / "none" / "forest.svg")
    assert line == f"error: {tmp_path / 'none'}: There is no such folder"


def test_a_table_that_cannot_be_written(additive: Path, tmp_path: Path) -> None:
    assert "'xml' is not one of 'table'" in usage("effects", additive, "--format", "xml")
    assert "name a file with -o FILE.parquet" in usage("effects", additive, "--format", "parquet")
    assert "there is no folder" in usage("effects", additive, "-o", tmp_path / "none" / "x.csv")
    assert "is a folder; name a file" in usage("effects", additive, "-o", tmp_path)


def test_rejects_that_cannot_be_written(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    table.write_text(BAD_ROWS)
    words = ("validate", table, "--kind", "analysis", "--rejects", tmp_path / "none" / "bad.csv")
    assert "there is no folder" in usage(*words)
