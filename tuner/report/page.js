// Unpacks Plotly, draws the charts, sorts and filters the trials, shows their curves, prints.
"use strict";
(async () => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const traces = JSON.parse(document.getElementById("traces").textContent);
  const config = {
    responsive: true, displaylogo: false, showSendToCloud: false,
    toImageButtonOptions: { format: "svg" },
  };
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

  // Before what takes long: what is written here is there at once.
  copyButtons();
  downloads();

  // One after the other, so that the page answers in between.
  const queue = Object.entries(figures.charts);
  const next = () => {
    const entry = queue.shift();
    if (!entry) {
      composed();
      return;
    }
    draw("chart-" + entry[0], entry[1]);
    setTimeout(next);
  };
  next();

  scales();

  // The charts that a reader composes, of what those of one parameter each show.
  function composed() {
    if (!document.getElementById("pair")) return;
    const sampled = sampledParameters(figures.charts.slices);
    const colours = figures.charts.plane.layout.coloraxis;
    pairChart(sampled, colours, draw);
    parallelChart(sampled, colours, draw);
  }

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
      figure.data[0].line.color = trace.colour;
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

    // Of many trials the first are shown: a page is no place to scroll past 500 of them.
    const FIRST = 50;
    const more = document.getElementById("all-trials");
    let whole = false;
    more.addEventListener("click", () => {
      whole = true;
      filter();
    });

    const filter = () => {
      const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      let seen = 0;
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        const fits = (!form.state.value || row.dataset.state === form.state.value)
          && (!form.family.value || row.dataset.family === form.family.value)
          && words.every((word) => text.includes(word));
        const here = fits && (whole || seen < FIRST);
        if (!here) close(row);
        row.hidden = !here;
        shown += fits;
        seen += here;
      });
      more.hidden = seen === shown;
      more.textContent = "Show all " + shown;
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
      filter();
    }));
    filter();
  }

  // Switches between logarithmic axes and linear ones, each of the charts that it names.
  function scales() {
    document.querySelectorAll("[data-linear]").forEach((linear) => {
      // As they are at first: Plotly writes into what it is given.
      const axes = linear.dataset.linear.split(" ").map((key) => [
        key,
        structuredClone(Object.entries(figures.charts[key].layout)
          .filter(([name, axis]) => /^[xy]axis/.test(name) && axis.type === "log")),
      ]);
      linear.addEventListener("change", () => axes.forEach(([key, logarithmic]) => {
        const change = {};
        logarithmic.forEach(([name, axis]) => {
          change[name + ".type"] = linear.checked ? "linear" : "log";
          change[name + ".tickvals"] = linear.checked ? null : axis.tickvals;
          change[name + ".ticktext"] = linear.checked ? null : axis.ticktext;
          if (linear.checked || !axis.range) change[name + ".autorange"] = true;
          else change[name + ".range"] = [...axis.range];
        });
        Plotly.relayout("chart-" + key, change);
      }));
    });
  }

  function copyButtons() {
    document.querySelectorAll("pre.code").forEach((code) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "action copy";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(code.textContent);
        } catch {
          // A browser that does not let a file into its clipboard lets the selection in.
          getSelection().selectAllChildren(code);
          document.execCommand("copy");
        }
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      const box = document.createElement("div");
      box.className = "copied";
      code.replaceWith(box);
      box.append(code, button);
    });
  }

  function downloads() {
    const csv = (rows) => rows.map((row) => row.map((cell) => {
      const text = cell ?? "";
      return /[",\n]/.test(text) ? '"' + String(text).replaceAll('"', '""') + '"' : text;
    }).join(",")).join("\n") + "\n";
    const contents = {
      schedule: () => JSON.parse(document.getElementById("schedule-file").textContent),
      trials: () => {
        const all = document.querySelectorAll("#table-trials tr:not(.inside)");
        return csv(Array.from(all, (row) => Array.from(row.cells, (cell) => {
          const text = cell.textContent.trim();
          return text === "–" ? "" : text;
        })));
      },
      curves: () => {
        const unit = document.querySelector("[data-unit]").dataset.unit;
        const names = figures.trial.data.slice(1).map((each) => each.name);
        const rows = Object.entries(traces).flatMap(([number, trace]) => trace.x[1].map(
          (epoch, index) => [number, epoch, ...trace.y.slice(1).map((values) => values[index])],
        ));
        return csv([["trial", unit, ...names], ...rows]);
      },
    };
    document.querySelectorAll("[data-download]").forEach((button) => {
      button.addEventListener("click", () => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([contents[button.dataset.download]()]));
        link.download = button.textContent.trim().split(" ").pop();
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      });
    });
  }

  // On paper there is no unfolding; charts are as wide as the sheet, and as high as lets two of
  // them on it: a tall one that begins a page would leave half of the last one empty.
  const PAPER = { width: 660, height: 300, panel: 60 };
  const plots = () => document.querySelectorAll(".js-plotly-plot");
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    closed.forEach((details) => { details.open = true; });
    plots().forEach((plot) => {
      plot.dataset.height = plot.style.height;
      const panels = Object.keys(plot.layout).filter((key) => /^yaxis[0-9]/.test(key)).length;
      const height = Math.min(plot.clientHeight, PAPER.height + panels * PAPER.panel);
      plot.style.height = height + "px";
      const width = Math.min(plot.clientWidth, PAPER.width);
      Plotly.relayout(plot, { width, height, autosize: false });
    });
  });
  window.addEventListener("afterprint", () => {
    closed.forEach((details) => { details.open = false; });
    plots().forEach((plot) => {
      plot.style.height = plot.dataset.height;
      Plotly.relayout(plot, { width: null, height: null, autosize: true });
    });
  });
})();
