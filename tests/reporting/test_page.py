"""The page as a file: complete, closed, accessible, and honest about what is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from support import frames
from support.runs import FAILED, MANIFEST, FabricatedRun, poor_run, unhealthy_run

from attribution.charts.html import bundle
from attribution.errors import InputError, UnhealthyRunError
from attribution.reporting import report

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Outline(HTMLParser):
    """Collect elements and check that they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_holds_every_section(write) -> None:
    text = write([FabricatedRun(), FabricatedRun(name="engagement")])
    outline = Outline(text.replace(bundle(), ""))
    assert outline.open == []
    assert [section.get("id") for section in outline.all("section")] == [
        "answers", "signals", "groups", "creators", "contributions", "roi", "comparison", "run2",
        "health", "model", "data", "made",
    ]  # fmt: skip


def test_every_chart_is_on_the_page_once_with_alternative_text(write) -> None:
    outline = Outline(write([FabricatedRun(), FabricatedRun(name="b")]).replace(bundle(), ""))
    charts = [div for div in outline.all("div") if (div.get("id") or "").find("chart-") >= 0]
    names = [div["id"] for div in charts]
    assert len(names) == len(set(names)) == 12
    assert all(len(div["aria-label"] or "") > 60 for div in charts)
    sources = [s["data-chart"] for s in outline.all("script") if "data-chart" in s]
    assert sources == names


def test_one_bundle_serves_all_charts(write) -> None:
    text = write([FabricatedRun(), FabricatedRun(name="b")])
    assert text.count(bundle()) == 1
    assert len(text) < 1.8e6


def test_the_page_fetches_nothing_and_its_policy_allows_nothing_else(write) -> None:
    text = write(FabricatedRun()).replace(bundle(), "")
    assert not re.search(r"""\ssrc\s*=|href\s*=\s*["'](?!#)|url\(|@import""", text)
    policy = next(meta["content"] for meta in Outline(text).all("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]


def test_headings_tables_and_language_are_there_for_screen_readers(write) -> None:
    outline = Outline(write(FabricatedRun()).replace(bundle(), ""))
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == 1
    assert len(outline.all("table")) == len(outline.all("caption")) > 5
    assert all(cell.get("scope") in {"row", "col"} for cell in outline.all("th"))


def test_user_text_is_escaped_everywhere(write) -> None:
    roi = frames.roi().with_columns(group=pl.lit(HOSTILE))
    estimates = frames.effects().with_columns(
        group=pl.when(pl.col("scope") != "overall").then(pl.lit(HOSTILE)).otherwise("group"),
        answer=pl.lit(HOSTILE),
    )
    manifest = replace(MANIFEST, currency=HOSTILE, versions={HOSTILE: HOSTILE})
    run = FabricatedRun(name=HOSTILE, money=roi, estimates=estimates, manifest=manifest)
    text = write(run).replace(bundle(), "")
    assert "<img" not in text
    assert "<script>alert" not in text
    assert text.count("<script") == 2 + text.count('<script type="application/json"')


def test_provenance_says_how_orders_met_posts_and_adds_up(write) -> None:
    text = write(FabricatedRun())
    assert "100 in = 90 credited to a post + 9 to none + 1 rejected" in text
    assert "1,002 rows in = 1,000 used + 2 rejected; not read, as personal: Email" in text
    assert "the order came after the window" in text
    assert "All orders are dated at midnight." in text


def test_posts_set_aside_are_named_with_their_reason(write) -> None:
    assert "1 post left out of the fit, each with its reason." in (text := write(FabricatedRun()))
    assert re.search(r'<th scope="row">P0007</th><td>no reach</td>', text)


def test_what_a_run_cannot_give_is_said_with_its_reason(write) -> None:
    text = write(poor_run())
    assert "Contributions: not shown. The model has no contributions: its parts multiply." in text
    assert "Return on investment: not shown. There is no ROI: the table has no cost column." in text
    assert "the table has no net_revenue" in text
    assert "how orders were credited to its posts is not known here" in text
    assert "No post was left out of the fit." in text


def test_every_number_is_said_to_be_an_association_once(write) -> None:
    assert write(FabricatedRun()).count("All numbers are associations") == 1


def test_an_unhealthy_run_gives_no_report_unless_asked_and_then_a_banner(
    write, tmp_path: Path
) -> None:
    with pytest.raises(UnhealthyRunError, match="a report would mislead"):
        report(unhealthy_run(), tmp_path / "none.html")
    assert not (tmp_path / "none.html").exists()
    text = write(unhealthy_run(), unhealthy=True)
    banner = re.search(r'<p class="banner" role="alert">(.*?)</p>', text)
    assert banner is not None
    assert f"invented: {FAILED.name}" in banner[1]
    assert '<p class="banner"' not in write(FabricatedRun())


def test_one_unhealthy_run_among_several_is_enough_for_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(UnhealthyRunError):
        report([FabricatedRun(), unhealthy_run()], tmp_path / "x.html")


@pytest.mark.parametrize(
    ("runs", "name", "message"),
    [
        ([], "x.html", "A report needs a run"),
        ([FabricatedRun()], "x.pdf", "one HTML file"),
        ([FabricatedRun()], "nowhere/x.html", "no such folder"),
    ],
)
def test_impossible_reports_are_refused(
    runs: list[FabricatedRun], name: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        report(runs, tmp_path / name)  # type: ignore[arg-type]


def test_failed_checks_stand_first_with_what_to_do(write) -> None:
    text = write(unhealthy_run(), unhealthy=True)
    rows = re.findall(r'<tr><th scope="row">(✓ pass|! warning|✗ fail)</th><td>([^<]*)', text)
    assert rows[0] == ("✗ fail", "divergences")
    assert rows[1] == ("! warning", "tree depth")
    assert "Fit again." in text
