/* Runs in the report's page, as it is: charts by uPlot, and the choice of a timeline. */
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const FAMILIES = ["partition", "packet", "process", "clock", "disk", "member", "resource"];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  /** As families.ts: one colour a family of faults. */
  function hueOf(fault) {
    const family = fault.split(".")[0];
    return color(fault === "process.pause" ? "pause" : FAMILIES.includes(family) ? family : "other");
  }

  /** Shades the window of every fault behind the plot. */
  function faultBands() {
    return {
      hooks: {
        drawAxes: (plot) => {
          const { ctx } = plot;
          const { left, top, width, height } = plot.bbox;
          const scale = devicePixelRatio;
          ctx.save();
          ctx.beginPath();
          ctx.rect(left, top, width, height);
          ctx.clip();
          ctx.font = `600 ${11 * scale}px system-ui, sans-serif`;
          ctx.textBaseline = "top";
          ctx.textAlign = "left";
          for (const [index, band] of data.bands.entries()) {
            const from = Math.max(plot.valToPos(band.startMs / 1000, "x", true), left);
            const to = Math.min(plot.valToPos(band.endMs / 1000, "x", true), left + width);
            if (to < left || from > left + width) continue;
            const hue = hueOf(band.fault);
            ctx.fillStyle = hue;
            ctx.globalAlpha = 0.13;
            ctx.fillRect(from, top, Math.max(to - from, scale), height);
            ctx.globalAlpha = 1;
            // Windows may be short and may overlap: names take turns on three lines, and may leave their window.
            ctx.fillText(band.label, from + 4 * scale, top + (4 + (index % 3) * 14) * scale);
          }
          ctx.restore();
        },
      },
    };
  }

  const latencyText = (ms) => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);

  /** Of a logarithmic scale only the powers of ten. */
  const decades = (_, splits) => splits.map((split) => (Number.isInteger(Math.log10(split)) ? split : null));
  const all = (_, splits) => splits;

  function axes(text, filter) {
    const lines = { stroke: color("line"), width: 1 };
    const common = { stroke: color("quiet"), grid: lines, ticks: lines };
    return [
      { ...common, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
      {
        ...common,
        grid: { ...lines, filter },
        ticks: { ...lines, filter },
        filter,
        size: 70,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : text(tick))),
      },
    ];
  }

  const atTime = {
    label: "time",
    value: (_, seconds) => (seconds === null ? "–" : `${seconds.toFixed(2)} s`),
  };

  function options(element, extra) {
    return {
      width: element.clientWidth,
      height: 260,
      cursor: { sync: { key: "run" }, drag: { x: true, y: false } },
      plugins: [faultBands()],
      ...extra,
    };
  }

  function latencyChart(element) {
    const series = data.latency.series.map((name) => ({
      label: name,
      stroke: color(name) || color("other"),
      paths: () => null,
      points: { show: true, size: 3.5, fill: color(name) || color("other"), width: 0 },
      value: (_, ms) => (ms === null ? "–" : `${ms} ms`),
    }));
    return new uPlot(
      options(element, {
        scales: { x: { time: false, range: spanOf }, y: { distr: 3 } },
        axes: axes(latencyText, decades),
        series: [atTime, ...series],
      }),
      data.latency.columns,
      element,
    );
  }

  function rateChart(element) {
    const stepped = uPlot.paths.stepped({ align: 1 });
    const series = data.rate.series.map((name) => ({
      label: name,
      stroke: color(name),
      width: 1.75,
      paths: stepped,
      points: { show: false },
      value: (_, rate) => (rate === null ? "–" : `${rate.toFixed(1)}/s`),
    }));
    return new uPlot(
      options(element, {
        scales: {
          x: { time: false, range: spanOf },
          y: { range: (_, min, max) => [0, Math.max(1, max * 1.15)] },
        },
        axes: axes((rate) => `${rate}/s`, all),
        series: [atTime, ...series],
      }),
      data.rate.columns,
      element,
    );
  }

  /** Both charts show the whole run unless the reader zooms in. */
  function spanOf(plot, min, max) {
    return plot.scales.x.min === undefined || plot.scales.x.min === null ? [0, data.endSeconds] : [min, max];
  }

  let plots = [];

  function draw() {
    for (const plot of plots) plot.destroy();
    const [latency, rate] = ["latency", "rate"].map((id) => document.getElementById(id));
    plots = latency === null || rate === null ? [] : [latencyChart(latency), rateChart(rate)];
  }

  function showPanel(index) {
    for (const panel of document.querySelectorAll(".panel")) {
      panel.hidden = panel.dataset.panel !== index;
    }
    for (const timeline of document.querySelectorAll(".panel:not([hidden]) .timeline")) {
      const culprit = timeline.querySelector(".culprit rect");
      if (culprit !== null) timeline.scrollLeft = culprit.x.baseVal.value - timeline.clientWidth / 2;
    }
  }

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("resize", () => {
    for (const plot of plots) plot.setSize({ width: plot.root.parentElement.clientWidth, height: 260 });
  });
  document.getElementById("panel")?.addEventListener("change", (event) => showPanel(event.target.value));
  showPanel("0");
})();
