"""The report in a real browser, without a network, at desktop and phone width."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.runs import FabricatedRun, unhealthy_run

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="looking at the report needs chromium and chromedriver"
)
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
DESKTOP, PHONE = (1280, 900), (390, 844)
SMALLEST_TEXT = 9
"""Pixels: text of a chart on a phone is not scaled below this."""

WIDTHS = """
return [...document.querySelectorAll('.chart svg')].map(svg => ({
  id: svg.closest('.chart').id,
  marks: svg.querySelectorAll('.mark-rule path, .mark-rule line, .mark-area path, '
    + '.mark-line path, .mark-rect path, .mark-symbol path').length,
  shown: svg.getBoundingClientRect().width,
  natural: Number(svg.getAttribute('width')),
}))
"""


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    width, height = request.param
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    metrics = {"width": width, "height": height, "pixelRatio": 1.0}
    options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


def opened(browser: Any, path: Path) -> list[dict[str, Any]]:
    """Open a page, wait for its charts, and return what was drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(path.as_uri())
    WebDriverWait(browser, 120).until(
        lambda page: page.execute_script("return document.body.dataset.charts")
    )
    return list(browser.execute_script(WIDTHS))


def test_every_chart_is_drawn_and_nothing_complains(browser, write, tmp_path: Path) -> None:
    write([FabricatedRun(), FabricatedRun(name="engagement")])
    charts = opened(browser, tmp_path / "report.html")
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.body.dataset.charts") == "drawn"
    expected = browser.execute_script(
        "return [...document.querySelectorAll('script[data-chart]')].map(s => s.dataset.chart)"
    )
    assert [chart["id"] for chart in charts] == expected
    assert len(charts) == 12
    assert [chart["id"] for chart in charts if chart["marks"] < 3] == []


def test_the_page_fits_the_screen_and_charts_keep_their_text_size(
    browser, write, tmp_path: Path
) -> None:
    write([FabricatedRun(), FabricatedRun(name="engagement")])
    charts = opened(browser, tmp_path / "report.html")
    width, page = browser.execute_script(
        "return [window.innerWidth, document.documentElement.scrollWidth]"
    )
    assert page <= width
    shown = [chart for chart in charts if chart["shown"] > 0]
    assert len(shown) == 12
    too_small = [c for c in shown if 12 * c["shown"] / c["natural"] < SMALLEST_TEXT]
    assert too_small == []


def test_a_policy_that_is_broken_would_be_noticed(browser, write, tmp_path: Path) -> None:
    write(unhealthy_run(), unhealthy=True)
    page = tmp_path / "report.html"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", "<script>var late = 1;</script></body>"), "utf-8")
    opened(browser, page)
    assert any(
        "Content Security Policy" in entry["message"] for entry in browser.get_log("browser")
    )


def test_a_chart_that_cannot_be_drawn_would_be_noticed(browser, write, tmp_path: Path) -> None:
    write(FabricatedRun())
    page = tmp_path / "report.html"
    text = page.read_text(encoding="utf-8")
    broken = text.replace('data-chart="chart-roi">{', 'data-chart="chart-roi">{"mark":"nothing",')
    page.write_text(broken, "utf-8")
    opened(browser, page)
    assert browser.execute_script("return document.body.dataset.charts") == "failed"
    assert browser.get_log("browser") != []


def test_a_turned_phone_draws_its_charts_again(browser, write, tmp_path: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    write(FabricatedRun())
    before = opened(browser, tmp_path / "report.html")[0]
    size = {"width": 500, "height": 390, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    WebDriverWait(browser, 120).until(
        lambda page: page.execute_script(WIDTHS)[0]["natural"] != before["natural"]
    )
    after = browser.execute_script(WIDTHS)[0]
    room = browser.execute_script("return document.querySelector('.chart').clientWidth")
    # How much of it is labels depends on the fonts that there are.
    assert 0.9 * room < after["shown"] == after["natural"] <= room < 500
