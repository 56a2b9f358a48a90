"""The charts of one run as methods: ``run.charts.forest()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.charts.sources import Request

if TYPE_CHECKING:
    import altair as alt

    from attribution.run import Run


class RunCharts:
    """Charts of a run; each returns an Altair chart, which notebooks show by themselves.

    Parameters
    ----------
    run
        The run to draw.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def forest(self) -> alt.ChartType:
        """Return intervals of what reach, likes and comments are worth, overall and by tier."""
        return self._draw("forest")

    def contrasts(self) -> alt.ChartType:
        """Return ratios between tiers."""
        return self._draw("contrasts")

    def funnel(self) -> alt.ChartType:
        """Return total, direct and indirect effects of tiers, of a model with stages."""
        return self._draw("funnel")

    def claim(self) -> alt.ChartType:
        """Return ratios of tiers' engagement rates against a claimed one."""
        return self._draw("claim")

    def creators(self) -> alt.ChartType:
        """Return creators by how prone their audiences are to buy, beside what was observed."""
        return self._draw("creators")

    def fakes(self) -> alt.ChartType:
        """Return each creator's share of fake engagement, of a model that has such shares."""
        return self._draw("fakes")

    def capture(self) -> alt.ChartType:
        """Return how many orders posts bring for each recorded one, before and after the data."""
        return self._draw("capture")

    def density(self) -> alt.ChartType:
        """Return posterior densities with the probability on each side of 0 or 1."""
        return self._draw("density")

    def response(self) -> alt.ChartType:
        """Return expected orders by likes and by comments, tier by tier."""
        return self._draw("response")

    def contributions(self) -> alt.ChartType:
        """Return the observed orders split into reach, likes and comments."""
        return self._draw("contributions")

    def halo(self) -> alt.ChartType:
        """Return daily sales with and without posts, and how the effect of a post wears off."""
        return self._draw("halo")

    def predictive(self) -> alt.ChartType:
        """Return observed figures against what the model predicts."""
        return self._draw("predictive")

    def roi(self, *, margin: float = 1.0, unhealthy: bool = False) -> alt.ChartType:
        """Return expected and realised ROI in total, by tier and by creator.

        Parameters
        ----------
        margin
            Share of net revenue that remains after costs of goods.
        unhealthy
            Draw a run that failed the health gate.
        """
        return self._draw("roi", Request(margin=margin, unhealthy=unhealthy))

    def comparison(self, *others: Run) -> alt.ChartType:
        """Return how well this run and others predict unseen posts."""
        return self._draw("comparison", Request(others=others))

    def ranks(self) -> alt.ChartType:
        """Return rank histograms by chain."""
        return self._draw("ranks")

    def trace(self) -> alt.ChartType:
        """Return each chain's path."""
        return self._draw("trace")

    def _draw(self, name: str, request: Request | None = None) -> alt.ChartType:
        from attribution.charts.registry import draw

        return draw(self._run, name, request)
