"""JavaScript with which tests ask a page in a browser what it shows."""

# The places of charts that have neither a chart nor a sentence yet.
UNDRAWN = """
return Array.from(document.querySelectorAll("figure.chart"))
  .filter((place) => !place.querySelector("p.nothing, .js-plotly-plot .plot-container"))
  .map((place) => place.getAttribute("aria-labelledby"))
"""
# What each place has: a sentence, or traces with data of which something is seen.
PLACES = """
return Object.fromEntries(Array.from(document.querySelectorAll("figure.chart")).map((place) => {
  const plot = place.querySelector(".js-plotly-plot"), said = place.querySelector("p.nothing");
  const values = plot ? plot.data.map((trace) => (trace.x || []).length) : [];
  return [place.getAttribute("aria-labelledby").replace("title-", ""), {
    sentence: said ? said.textContent.trim() : "",
    values: values.reduce((sum, length) => sum + length, 0),
    seen: plot ? plot.querySelectorAll(".trace, .points path, .point").length : 0,
  }];
}))
"""
# Pairs of neighbouring labels of one axis that cover each other.
COVERED = """
const found = [];
document.querySelectorAll(".js-plotly-plot").forEach((plot) => {
  for (const kind of ["xtick", "x2tick", "x3tick", "ytick", "y2tick", "y3tick"]) {
    const labels = Array.from(plot.querySelectorAll("." + kind + " text"));
    labels.forEach((one, index) => labels.slice(index + 1).forEach((other) => {
      const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
      const across = a.left < b.right - 1 && b.left < a.right - 1;
      if (across && a.top < b.bottom - 2 && b.top < a.bottom - 2)
        found.push([plot.id, one.textContent, other.textContent]);
    }));
  }
});
return found
"""
