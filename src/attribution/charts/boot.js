// Draws each chart of the page from the JSON beside it. A chart that is wider than its place gets
// narrower panels and is drawn again, so that its text keeps its size on a phone.
"use strict";
(() => {
  const MIN_PANEL = 110;
  const OPTIONS = { actions: false, ast: true, renderer: "svg" };

  function narrower(node, excess) {
    if (Array.isArray(node)) return node.map((child) => narrower(child, excess));
    if (node === null || typeof node !== "object") return node;
    const copy = {};
    for (const [key, value] of Object.entries(node)) {
      if (key === "datasets" || key === "data" || key === "config") copy[key] = value;
      else if (key === "width" && typeof value === "number")
        copy[key] = Math.max(MIN_PANEL, value - excess);
      else copy[key] = narrower(value, excess);
    }
    return copy;
  }

  async function draw(place, spec) {
    let result = await vegaEmbed(place, spec, OPTIONS);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const svg = place.querySelector("svg");
      const excess = Number(svg.getAttribute("width")) - place.clientWidth;
      if (excess <= 0) break;
      const panels = spec.columns > 1 ? spec.columns : 1;
      if (panels > 1) spec = { ...spec, columns: 1 };
      else spec = narrower(spec, Math.ceil(excess));
      result.finalize();
      result = await vegaEmbed(place, spec, OPTIONS);
    }
    place.dataset.drawn = "yes";
  }

  async function drawAll() {
    const failures = [];
    for (const source of document.querySelectorAll("script[data-chart]")) {
      const place = document.getElementById(source.dataset.chart);
      try {
        await draw(place, JSON.parse(source.textContent));
      } catch (error) {
        failures.push(error);
        place.textContent = "This chart could not be drawn: " + error.message;
        place.dataset.drawn = "no";
        console.error(error);
      }
    }
    document.body.dataset.charts = failures.length === 0 ? "drawn" : "failed";
  }

  drawAll();
})();
