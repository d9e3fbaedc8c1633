// Any two parameters against each other: points as in the panels of one each, and between them the
// mean of the near ones. Nothing is read but the figure of these panels.
"use strict";
function pairChart(figures, draw) {
  const form = document.getElementById("pair");
  const panels = figures.charts.slices;
  const colours = figures.charts.plane.layout.coloraxis;
  const GRID = 40, NEAR = 0.1, FEWEST = 0.6, FULL = 20;

  // By parameter: its axis, and by trial where it is.
  const params = new Map();
  const trials = new Map();
  panels.data.forEach((trace) => {
    if (!trace.customdata) return;
    const axis = panels.layout["xaxis" + (trace.xaxis || "x").slice(1)];
    const name = axis.title.text;
    if (!params.has(name)) params.set(name, { axis, at: new Map() });
    trace.customdata.forEach((number, index) => {
      params.get(name).at.set(number, trace.x[index]);
      const collapsed = trace.name === "collapsed";
      trials.set(number, { value: trace.y[index], symbol: trace.marker.symbol, collapsed });
    });
  });
  const isChoice = (axis) => axis.type !== "log" && Boolean(axis.ticktext);
  const select = (field, chosen) => [...params.keys()].forEach((name, index) => {
    form[field].add(new Option(name, name, index === chosen, index === chosen));
  });
  select("across", 0);
  select("up", 1);

  // From 0 to 1 along an axis, and back.
  const span = (values, axis) => {
    const to = axis.type === "log" ? Math.log10 : (x) => x;
    const from = axis.type === "log" ? (x) => 10 ** x : (x) => x;
    const low = to(Math.min(...values)), high = to(Math.max(...values));
    return {
      place: (value) => (to(value) - low) / (high - low || 1),
      value: (place) => from(low + place * (high - low)),
    };
  };

  const ground = (x, y, values, axes) => {
    const [across, up] = [span(x, axes[0]), span(y, axes[1])];
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
      type: "heatmap", x: steps.map(across.value), y: steps.map(up.value), z,
      coloraxis: "coloraxis", opacity: 0.45, hoverinfo: "skip",
    };
  };

  const show = () => {
    const [one, other] = [params.get(form.across.value), params.get(form.up.value)];
    const both = [...one.at.keys()].filter((number) => other.at.has(number));
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
    if (whole.length >= FULL && !axes.some(isChoice) && one !== other) {
      data.unshift(ground(places.x, places.y, values, axes));
    }
    const plain = (axis) => ({ ...axis, anchor: undefined, domain: [0, 1], matches: undefined });
    const layout = {
      ...panels.layout, annotations: [], showlegend: false, coloraxis: colours,
      xaxis: plain(one.axis), yaxis: { ...plain(other.axis), automargin: true },
      margin: { l: 56, r: 16, t: 12, b: 48 },
    };
    Object.keys(layout).forEach((key) => { if (/^[xy]axis[0-9]/.test(key)) delete layout[key]; });
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
