// Parallel coordinates: an axis for the value and for each chosen parameter, a line for each trial.
"use strict";
function parallelChart({ params, trials, metric, look }, colours, draw) {
  const form = document.getElementById("parallel");
  const plot = document.getElementById("parallel-plot");
  const SHADES = 12, MOST = 7, AXIS = 104, STEPS = 4, NEAR = 0.08;
  const NONE = -0.14; // where a line lies whose trial has no such parameter, below the axis
  const complete = [...trials.keys()].filter((number) => !trials.get(number).collapsed);
  const families = new Set(complete.map((number) => trials.get(number).family));
  const several = (name) => complete.filter((n) => trials.get(n).family === name).length > 1;
  if (families.size > 1) {
    [...families].filter(several).forEach((name) => form.family.add(new Option(name)));
  }

  const short = (value) => String(Number(value.toPrecision(value >= 1e4 ? 6 : 3)));
  // Of an axis its heights by trial, and its labels with theirs.
  const named = (name, words, numbers, placeOf) => {
    const height = (place) => (words.length > 1 ? place / (words.length - 1) : 0.5);
    return {
      name, heights: numbers.map((number) => height(placeOf(number))),
      ticks: words.map((word, place) => [height(place), word]),
    };
  };
  const numeric = (name, values, axis) => {
    const span = spanOf(values, axis);
    let ticks = Array.from({ length: STEPS + 1 }, (_, step) => step / STEPS);
    if (axis.type === "log") {
      const powers = axis.tickvals.map(span.place).filter((h) => h > NEAR && h < 1 - NEAR);
      ticks = [0, ...powers, 1];
    }
    if (Math.min(...values) === Math.max(...values)) ticks = [0.5];
    return {
      name, heights: values.map(span.place),
      ticks: ticks.map((height) => [height, short(span.value(height))]),
    };
  };
  const familyAxis = (numbers) => {
    const words = [...families].filter((name) => numbers.some((n) => trials.get(n).family === name));
    return named("family", words, numbers, (number) => words.indexOf(trials.get(number).family));
  };
  const axisOf = (param, numbers) => {
    const having = numbers.filter((number) => param.at.has(number));
    const axis = isChoice(param.axis)
      ? named(param.name, param.axis.ticktext, having, (number) => Math.round(param.at.get(number)))
      : numeric(param.name, having.map((number) => param.at.get(number)), param.axis);
    if (having.length === numbers.length) return axis;
    const heights = new Map(having.map((number, index) => [number, axis.heights[index]]));
    return {
      ...axis, heights: numbers.map((number) => heights.get(number) ?? NONE),
      ticks: [[NONE, "none"], ...axis.ticks],
    };
  };

  // Parameters that most of these trials have, and that differ between them.
  const offered = (numbers) => [...params.values()].filter((param) => {
    const values = numbers.map((number) => param.at.get(number)).filter((each) => each !== undefined);
    return 2 * values.length >= numbers.length && new Set(values).size > 1;
  });
  const chosenTrials = () => complete.filter(
    (number) => !form.family.value || trials.get(number).family === form.family.value,
  );

  const offer = () => {
    const names = offered(chosenTrials()).map((param) => param.name);
    if (!form.family.value && families.size > 1) names.unshift("family");
    const place = form.querySelector("fieldset");
    place.querySelectorAll("label").forEach((label) => label.remove());
    names.forEach((name, index) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = name;
      box.checked = index < MOST;
      label.append(box, " " + name);
      place.append(label);
    });
  };

  const parts = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const shade = (place) => {
    const scale = colours.colorscale;
    const next = Math.max(1, scale.findIndex(([end]) => end >= place));
    const [[low, from], [high, to]] = [scale[next - 1], scale[next]];
    const share = (place - low) / (high - low), [one, other] = [parts(from), parts(to)];
    return "rgb(" + one.map((part, i) => Math.round(part + share * (other[i] - part))) + ")";
  };

  const show = () => {
    const numbers = chosenTrials();
    const boxes = [...form.querySelectorAll("fieldset input:checked")].map((box) => box.value);
    const values = numbers.map((number) => trials.get(number).value);
    const axes = [numeric(metric, values, {}), ...boxes.map((name) => (
      name === "family" ? familyAxis(numbers) : axisOf(params.get(name), numbers)
    ))];
    const { cmin, cmax } = colours;
    const good = values.map((value) => {
      const place = cmax > cmin ? Math.min(1, Math.max(0, (value - cmin) / (cmax - cmin))) : 1;
      return Math.round(SHADES * (colours.reversescale ? 1 - place : place));
    });
    // Lines of nearly the same value are one trace: a trace for each trial takes seconds to draw.
    const line = (index) => [...axes.map((axis) => axis.heights[index]), null];
    const across = [...axes.keys(), null];
    const lines = (indices, look) => ({
      x: indices.flatMap(() => across), y: indices.flatMap(line), mode: "lines", type: "scatter",
      hoverinfo: "skip", showlegend: false, ...look,
    });
    const data = [...new Set(good)].sort((a, b) => a - b).map((each) => lines(
      [...numbers.keys()].filter((index) => good[index] === each),
      { line: { color: shade(each / SHADES), width: 1.3 }, opacity: 0.75 },
    ));
    const winner = numbers.indexOf(Number(form.dataset.winner));
    if (form.dataset.winner && winner >= 0) {
      data.push(lines([winner], {
        mode: "lines+markers", line: { color: shade(good[winner] / SHADES), width: 4 },
        marker: { symbol: "circle-open", size: 14, color: "#3b82d6", line: { width: 3 } },
      }));
    }
    data.push({
      x: [null], y: [null], mode: "markers", showlegend: false, hoverinfo: "skip",
      marker: { color: [cmin], coloraxis: "coloraxis" },
    });
    const layout = {
      ...look, showlegend: false, coloraxis: colours,
      xaxis: {
        tickvals: [...axes.keys()], ticktext: axes.map((axis) => axis.name), tickangle: 0,
        tickfont: { size: 11 }, range: [-0.2, axes.length - 0.4], showgrid: false, zeroline: false,
      },
      yaxis: { range: [NONE - 0.08, 1.08], visible: false, fixedrange: true },
      shapes: axes.map((_, x) => ({
        type: "line", x0: x, x1: x, y0: 0, y1: 1, layer: "below", line: { color: "#8a8f98", width: 1 },
      })),
      annotations: axes.flatMap((axis, x) => axis.ticks.map(([y, text]) => ({
        x, y, text, xanchor: "left", xshift: 5, showarrow: false, font: { size: 10 },
      }))),
    };
    const told = numbers.length + " complete trials";
    document.getElementById("parallel-told").value = told;
    plot.setAttribute("aria-label", axes.map((axis) => axis.name).join(", ") + " of " + told);
    plot.style.minWidth = AXIS * axes.length + 160 + "px";
    Plotly.purge(plot);
    draw(plot, { data, layout });
  };
  form.addEventListener("change", (event) => {
    if (event.target === form.family) offer();
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  offer();
  show();
}
