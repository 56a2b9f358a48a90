// Draws each chart of the page from the JSON beside it. A chart that is wider than its place gets
// narrower panels and wrapped headings and is drawn again, so that its text keeps its size on a
// phone.
"use strict";
(() => {
  const MIN_PANEL = 120;
  const PIXELS_PER_LETTER = 7;
  const NARROW_LABELS = 96;
  // "ast" interprets expressions instead of compiling them, which the page's policy forbids.
  // Without "defaultStyle" the chart's place keeps the width of the page.
  const OPTIONS = { actions: false, ast: true, defaultStyle: false, renderer: "svg" };

  function wrap(text, width) {
    const lines = [""];
    for (const word of text.split(" ")) {
      const line = lines[lines.length - 1];
      if (line && (line.length + word.length + 1) * PIXELS_PER_LETTER > width) lines.push(word);
      else lines[lines.length - 1] = line ? line + " " + word : word;
    }
    return lines;
  }

  function wrapped(title, width) {
    if (typeof title === "string") return wrap(title, width);
    if (title && title.text) return { ...title, text: wrap([title.text].flat().join(" "), width) };
    return title;
  }

  function narrower(node, excess, room) {
    if (Array.isArray(node)) return node.map((child) => narrower(child, excess, room));
    if (node === null || typeof node !== "object") return node;
    const copy = {};
    for (const [key, value] of Object.entries(node)) {
      if (key === "datasets" || key === "data" || key === "config") copy[key] = value;
      else if (key === "width" && typeof value === "number")
        copy[key] = Math.max(MIN_PANEL, value - excess);
      else if (key === "title") copy[key] = wrapped(value, room);
      else copy[key] = narrower(value, excess, room);
    }
    return copy;
  }

  function shortLabels(spec) {
    const axis = { ...spec.config.axis, labelLimit: NARROW_LABELS };
    return { ...spec, config: { ...spec.config, axis } };
  }

  async function draw(place, spec) {
    // A chart in closed details has no width of its own yet.
    const room = place.clientWidth || place.closest("section, body").clientWidth;
    let result = await vegaEmbed(place, spec, OPTIONS);
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const svg = place.querySelector("svg");
      const excess = Math.ceil(Number(svg.getAttribute("width")) - room);
      if (excess <= 0) break;
      if (spec.columns > 1) spec = { ...spec, columns: 1 };
      else spec = narrower(room < 500 ? shortLabels(spec) : spec, excess, room * 0.75);
      result.finalize();
      result = await vegaEmbed(place, spec, OPTIONS);
    }
    place.dataset.drawn = "yes";
  }

  async function drawAll() {
    let failed = false;
    for (const source of document.querySelectorAll("script[data-chart]")) {
      const place = document.getElementById(source.dataset.chart);
      try {
        await draw(place, JSON.parse(source.textContent));
      } catch (error) {
        failed = true;
        place.textContent = "This chart could not be drawn: " + error.message;
        place.dataset.drawn = "no";
        console.error(error);
      }
    }
    document.body.dataset.charts = failed ? "failed" : "drawn";
  }

  function drawAgainWhenTurned() {
    let width = document.documentElement.clientWidth;
    let waiting = 0;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        if (document.documentElement.clientWidth === width) return;
        width = document.documentElement.clientWidth;
        drawAll();
      }, 200);
    });
  }

  drawAll().then(drawAgainWhenTurned);
})();
