// Unpacks Plotly, draws the charts, sorts and filters the trials, shows their curves, prints.
"use strict";
(async () => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const traces = JSON.parse(document.getElementById("traces").textContent);
  const config = { responsive: true, displaylogo: false, showSendToCloud: false };
  // Where there is no mouse, a finger on a chart scrolls the page.
  const touch = matchMedia("(hover: none)").matches;

  // The text of a script element, in base64, as the script that it is.
  const run = async (element) => {
    const packed = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(unpacked).text();
    document.head.append(script);
  };
  if (!window.DecompressionStream) {
    document.querySelectorAll(".plot").forEach((place) => {
      place.textContent = "The charts need a browser of 2023 or later.";
    });
    return;
  }
  await run(document.getElementById("plotly"));

  const draw = (place, figure) => {
    const layout = touch ? { ...figure.layout, dragmode: false } : figure.layout;
    return Plotly.newPlot(place, figure.data, layout, config);
  };

  // One after the other, so that the page answers in between.
  const queue = Object.entries(figures.charts);
  const next = () => {
    const entry = queue.shift();
    if (!entry) return;
    draw("chart-" + entry[0], entry[1]);
    setTimeout(next);
  };
  next();

  const table = document.getElementById("table-trials");
  if (table) trials(table);

  function trials(table) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const form = document.getElementById("filters");

    const close = (row) => {
      const button = row.querySelector("button");
      if (!button || button.getAttribute("aria-expanded") === "false") return;
      button.setAttribute("aria-expanded", "false");
      Plotly.purge(row.nextSibling.querySelector(".curves"));
      row.nextSibling.remove();
    };

    const open = (row, button) => {
      const number = button.textContent;
      const trace = traces[number];
      const figure = structuredClone(figures.trial);
      figure.data.forEach((each, index) => {
        each.x = trace.x[Math.min(index, 1)];
        each.y = trace.y[index];
      });
      Object.assign(figure.data[0].line, { color: trace.colour, dash: trace.dash });
      Object.assign(figure.layout.yaxis, trace.axis);
      figure.data = figure.data.filter((each) => each.y.length);
      const inside = document.createElement("tr");
      inside.className = "inside";
      const cell = inside.insertCell();
      cell.colSpan = row.cells.length;
      const place = document.createElement("div");
      place.className = "curves";
      place.id = "curves-" + number;
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", table.dataset.curves + " of trial " + number);
      cell.append(place);
      row.after(inside);
      button.setAttribute("aria-expanded", "true");
      button.setAttribute("aria-controls", place.id);
      draw(place, figure);
    };

    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const button = row.querySelector("button");
      if (!button || row.className === "inside" || String(getSelection())) return;
      if (button.getAttribute("aria-expanded") === "true") close(row);
      else open(row, button);
    });

    const filter = () => {
      const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        const fits = (!form.state.value || row.dataset.state === form.state.value)
          && (!form.family.value || row.dataset.family === form.family.value)
          && words.every((word) => text.includes(word));
        if (!fits) close(row);
        row.hidden = !fits;
        shown += fits;
      });
      const all = rows.length + (rows.length === 1 ? " trial" : " trials");
      document.getElementById("shown").value = shown < rows.length ? shown + " of " + all : all;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());

    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
      const numeric = head.classList.contains("n");
      // A number's first order is the one with the largest on top, apart from that of the trials
      // and of what is the better the smaller it is.
      const least = column === 0 || "least" in head.dataset;
      const first = numeric && !least ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      const sign = order === "ascending" ? 1 : -1;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      rows.forEach(close);
      const keys = new Map(rows.map((row) => {
        const text = row.cells[column].textContent.trim();
        return [row, numeric ? parseFloat(text) : text];
      }));
      rows.sort((a, b) => {
        const [one, two] = [keys.get(a), keys.get(b)];
        if (!numeric) return sign * one.localeCompare(two);
        // What has no number comes last in both orders.
        return Number.isNaN(one) - Number.isNaN(two) || sign * (one - two) || 0;
      });
      body.append(...rows);
    }));
  }

  // On paper there is no unfolding, and charts are as wide as the sheet.
  const plots = () => document.querySelectorAll(".js-plotly-plot");
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    closed.forEach((details) => { details.open = true; });
    plots().forEach((plot) => {
      Plotly.relayout(plot, { width: Math.min(plot.clientWidth, 660), autosize: false });
    });
  });
  window.addEventListener("afterprint", () => {
    closed.forEach((details) => { details.open = false; });
    plots().forEach((plot) => Plotly.relayout(plot, { width: null, autosize: true }));
  });
})();
