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

  /** Shades the window of every fault behind the plot; the name stands where there is room. */
  function faultBands() {
    return {
      hooks: {
        drawAxes: (plot) => {
          const { ctx } = plot;
          const { left, top, width, height } = plot.bbox;
          const scale = devicePixelRatio;
          ctx.save();
          ctx.font = `600 ${11 * scale}px system-ui, sans-serif`;
          ctx.textBaseline = "top";
          for (const [index, band] of data.bands.entries()) {
            const from = Math.max(plot.valToPos(band.startMs / 1000, "x", true), left);
            const to = Math.min(plot.valToPos(band.endMs / 1000, "x", true), left + width);
            if (to < left || from > left + width) continue;
            const hue = hueOf(band.fault);
            ctx.fillStyle = hue;
            ctx.globalAlpha = 0.13;
            ctx.fillRect(from, top, Math.max(to - from, scale), height);
            ctx.globalAlpha = 1;
            ctx.save();
            ctx.beginPath();
            ctx.rect(from, top, Math.max(to - from, 0), height);
            ctx.clip();
            // Faults overlap: names take turns on three lines.
            ctx.fillText(band.label, from + 4 * scale, top + (4 + (index % 3) * 14) * scale);
            ctx.restore();
          }
          ctx.restore();
        },
      },
    };
  }

  function axes(unit) {
    const common = {
      stroke: color("quiet"),
      grid: { stroke: color("line"), width: 1 },
      ticks: { stroke: color("line"), width: 1 },
    };
    return [
      { ...common, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
      {
        ...common,
        size: 70,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : `${tick}${unit}`)),
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
      points: { show: true, size: 4, fill: color(name) || color("other"), width: 0 },
      value: (_, ms) => (ms === null ? "–" : `${ms} ms`),
    }));
    return new uPlot(
      options(element, {
        scales: { x: { time: false, range: spanOf }, y: { distr: 3 } },
        axes: axes(" ms"),
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
        axes: axes("/s"),
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
