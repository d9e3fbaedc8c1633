// What the charts that a reader composes are made from: the points of the panels of one parameter
// each, which are in the order of importance. Nothing else is read.
"use strict";
function sampledParameters(panels) {
  // By parameter: its axis, and by trial where it is. By trial: its family and its value.
  const params = new Map();
  const trials = new Map();
  panels.data.forEach((trace) => {
    if (!trace.customdata) return;
    const axis = panels.layout["xaxis" + (trace.xaxis || "x").slice(1)];
    const name = axis.title.text;
    if (!params.has(name)) params.set(name, { name, axis, at: new Map() });
    trace.customdata.forEach((number, index) => {
      params.get(name).at.set(number, trace.x[index]);
      trials.set(number, {
        value: trace.y[index], symbol: trace.marker.symbol, family: trace.name,
        collapsed: trace.name === "collapsed",
      });
    });
  });
  const look = { ...panels.layout, annotations: [], margin: { l: 56, r: 16, t: 12, b: 48 } };
  Object.keys(look).forEach((key) => { if (/^[xy]axis[0-9]/.test(key)) delete look[key]; });
  return { params, trials, metric: panels.layout.yaxis.title.text, look };
}

// A choice lies beside its place, so that points of one do not cover each other.
const isChoice = (axis) => axis.type !== "log" && Boolean(axis.ticktext);

// From 0 to 1 along an axis, and back.
function spanOf(values, axis) {
  const to = axis.type === "log" ? Math.log10 : (x) => x;
  const from = axis.type === "log" ? (x) => 10 ** x : (x) => x;
  const low = to(Math.min(...values)), high = to(Math.max(...values));
  return {
    place: (value) => (high > low ? (to(value) - low) / (high - low) : 0.5),
    value: (place) => from(low + place * (high - low)),
  };
}
