// Any two parameters against each other: points as in the panels of one each, and between them the
// mean of the near ones.
"use strict";
function pairChart({ params, trials, look }, colours, draw) {
  const form = document.getElementById("pair");
  const GRID = 40, NEAR = 0.1, FEWEST = 0.6, FULL = 20;

  // Trials that have both; two parameters that fewer than two have are no pair.
  const having = (one, other) => [...one.at.keys()].filter((number) => other.at.has(number));
  const partners = (one) => [...params.values()].filter(
    (other) => other !== one && having(one, other).length > 1,
  ).map((other) => other.name);
  const fill = (field, names) => {
    const chosen = form[field].value;
    form[field].replaceChildren(...names.map((name) => new Option(name)));
    if (names.includes(chosen)) form[field].value = chosen;
  };
  const paired = [...params.values()].filter((param) => partners(param).length);
  if (!paired.length) {
    form.parentElement.remove();
    return;
  }
  fill("across", paired.map((param) => param.name));

  const ground = (x, y, values, axes) => {
    const [across, up] = [spanOf(x, axes[0]), spanOf(y, axes[1])];
    const points = x.map((each, index) => [across.place(each), up.place(y[index])]);
    const steps = Array.from({ length: GRID + 1 }, (_, step) => step / GRID);
    const z = steps.map((b) => steps.map((a) => {
      let weights = 0, sum = 0;
      points.forEach(([p, q], index) => {
        const weight = Math.exp(-((p - a) ** 2 + (q - b) ** 2) / (2 * NEAR ** 2));
        weights += weight;
        sum += weight * values[index];
      });
      return weights < FEWEST ? null : sum / weights;
    }));
    return {
      type: "contour", x: steps.map(across.value), y: steps.map(up.value), z,
      coloraxis: "coloraxis", opacity: 0.5, hoverinfo: "skip", ncontours: 12,
      contours: { coloring: "heatmap" }, line: { width: 1, color: "#8a8f98" },
    };
  };

  const show = () => {
    fill("up", partners(params.get(form.across.value)));
    const [one, other] = [params.get(form.across.value), params.get(form.up.value)];
    const both = having(one, other);
    const whole = both.filter((number) => !trials.get(number).collapsed);
    const at = (numbers) => ({
      x: numbers.map((number) => one.at.get(number)),
      y: numbers.map((number) => other.at.get(number)),
      text: numbers.map((number) => "trial " + number + ": " + trials.get(number).value),
      type: "scatter", mode: "markers", hovertemplate: "%{text}<extra></extra>", showlegend: false,
    });
    const values = whole.map((number) => trials.get(number).value);
    const places = at(whole);
    const data = [
      { ...places, marker: {
        color: values, coloraxis: "coloraxis", size: 8,
        symbol: whole.map((number) => trials.get(number).symbol),
      } },
      { ...at(both.filter((number) => trials.get(number).collapsed)),
        marker: { color: "#1d2129", symbol: "x", size: 7 } },
    ];
    const axes = [one.axis, other.axis];
    if (whole.length >= FULL && !axes.some(isChoice)) {
      data.unshift(ground(places.x, places.y, values, axes));
    }
    const plain = (axis) => ({ ...axis, anchor: undefined, domain: [0, 1], matches: undefined });
    const layout = {
      ...look, showlegend: false, coloraxis: colours,
      xaxis: plain(one.axis), yaxis: { ...plain(other.axis), automargin: true },
    };
    const place = document.getElementById("pair-plot");
    const words = form.across.value + " and " + form.up.value + " of " + both.length + " trials";
    place.setAttribute("aria-label", words);
    document.getElementById("pair-told").value = both.length + " trials have both";
    Plotly.purge(place);
    draw(place, { data, layout });
  };
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
}
