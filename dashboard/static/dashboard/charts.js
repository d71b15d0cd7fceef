// Charts. A <figure data-chart="equity|price|worth|past|lines" data-source="id of a JSON script"> becomes a TradingView chart.
(() => {
  const { LightweightCharts } = window;

  // lightweight-charts wants plain rgb(): a probe element resolves our named colours for the theme in force.
  const colour = (name) => {
    const probe = document.createElement("i");
    probe.className = "sr";
    document.body.append(probe);
    probe.style.color = `var(--${name})`;
    const resolved = getComputedStyle(probe).color;
    probe.remove();
    return resolved;
  };
  const faded = (rgb, alpha) => rgb.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);

  const look = () => ({
    layout: {
      background: { color: "transparent" },
      textColor: colour("muted"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      attributionLogo: true,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colour("line") } },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.08 } },
    timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false },
    crosshair: { horzLine: { labelVisible: true } },
    handleScroll: { vertTouchDrag: false },
    localization: { priceFormatter: (value) => value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) },
  });

  // The chart counts in UTC; shift so that its axis shows the time zone the page shows.
  // Days come as "2026-11-27" and stay what they are.
  const shift = (points, minutes) =>
    points.map((point) => (typeof point.time === "string" ? point : { ...point, time: point.time + minutes * 60 }));
  const asPercent = (value) => `${value.toFixed(2).replace("-", "\u2212")} %`;

  const draw = {
    // `percent`: the axis is in percent; `look` drawdown hangs below zero; `benchmark` is dashed beside it.
    equity(chart, data) {
      const line = colour(data.look === "drawdown" ? "down" : "accent");
      const filled = data.look !== "plain";
      if (data.percent) chart.applyOptions({ localization: { priceFormatter: asPercent } });
      const series = chart.addSeries(LightweightCharts.AreaSeries, {
        lineColor: line,
        topColor: faded(line, filled ? (data.look === "drawdown" ? 0.02 : 0.28) : 0),
        bottomColor: faded(line, filled ? (data.look === "drawdown" ? 0.28 : 0.02) : 0),
        invertFilledArea: data.look === "drawdown",
        lineWidth: 2,
        priceLineVisible: false,
      });
      series.setData(shift(data.points, data.offset));
      if (!data.benchmark?.length) return;
      const beside = chart.addSeries(LightweightCharts.LineSeries, {
        color: colour("muted"), lineWidth: 2, lineStyle: 2, priceLineVisible: false,
      });
      beside.setData(shift(data.benchmark, data.offset));
    },
    price(chart, data) {
      const up = colour("up");
      const down = colour("down");
      const series = chart.addSeries(LightweightCharts.CandlestickSeries, {
        upColor: up, wickUpColor: up, downColor: down, wickDownColor: down, borderVisible: false,
      });
      series.setData(shift(data.points, data.offset));
      // Keep the firing price in sight while it is near enough not to flatten the candles.
      series.applyOptions({
        autoscaleInfoProvider: (original) => {
          const info = original();
          if (!info?.priceRange) return info;
          const { minValue: low, maxValue: high } = info.priceRange;
          const near = data.lines.map((line) => line.price).filter((price) => Math.abs(price - (low + high) / 2) < 3 * (high - low));
          info.priceRange = { minValue: Math.min(low, ...near), maxValue: Math.max(high, ...near) };
          return info;
        },
      });
      for (const line of data.lines) {
        series.createPriceLine({ price: line.price, color: colour("beak"), lineWidth: 1, lineStyle: 2, axisLabelVisible: true, title: line.title });
      }
      const markers = shift(data.markers, data.offset).map((marker) => ({
        time: marker.time, position: "aboveBar", shape: "arrowDown", color: colour("beak"), text: marker.text,
      }));
      if (markers.length) LightweightCharts.createSeriesMarkers(series, markers);
    },
  };

  // A replay: its worth beside holding, and the price with the firings.
  draw.worth = (chart, data) => {
    draw.equity(chart, data);
    const hold = chart.addSeries(LightweightCharts.LineSeries, {
      color: colour("muted"), lineWidth: 2, lineStyle: 2, priceLineVisible: false,
    });
    hold.setData(shift(data.hold, data.offset));
    if (data.benchmark?.length) {
      const beside = chart.addSeries(LightweightCharts.LineSeries, { color: colour("beak"), lineWidth: 2, priceLineVisible: false });
      beside.setData(shift(data.benchmark, data.offset));
    }
  };
  // Several backtests, each from 100 on.
  draw.lines = (chart, data) => {
    const colours = ["accent", "muted", "beak", "up", "down", "ink"];
    data.lines.forEach((points, n) => {
      const line = chart.addSeries(LightweightCharts.LineSeries, { color: colour(colours[n % 6]), lineWidth: 2, priceLineVisible: false });
      line.setData(shift(points, data.offset));
    });
  };
  draw.past = (chart, data) => {
    const line = chart.addSeries(LightweightCharts.LineSeries, { color: colour("accent"), lineWidth: 2, priceLineVisible: false });
    line.setData(shift(data.points, data.offset));
    const markers = shift(data.markers, data.offset).map((marker) => ({
      time: marker.time,
      position: marker.text === "Buy" ? "belowBar" : "aboveBar",
      shape: marker.text === "Buy" ? "arrowUp" : "arrowDown",
      color: colour("beak"),
      text: data.markers.length > 40 ? "" : marker.text,
    }));
    if (markers.length) LightweightCharts.createSeriesMarkers(line, markers);
  };

  // Other scripts draw charts of their own with the same look.
  window.pufflingCharts = { colour, look, shift };

  const render = (figure) => {
    const data = JSON.parse(document.getElementById(figure.dataset.source).textContent);
    if (!data.points.length) return;
    figure.replaceChildren();
    const chart = LightweightCharts.createChart(figure, { ...look(), autoSize: true });
    draw[figure.dataset.chart](chart, data);
    const count = data.points.length;
    if (count < 30) chart.timeScale().fitContent();
    else chart.timeScale().setVisibleLogicalRange({ from: 0, to: count * 1.04 }); // room for the last marker's words
    figure.chart = chart;
  };

  const all = () => document.querySelectorAll("figure[data-chart]");
  all().forEach(render);
  document.addEventListener("htmx:after:swap", () => {
    for (const figure of all()) if (!figure.chart) render(figure);
  });
  document.body.addEventListener("puffling-theme", () => {
    for (const figure of all()) {
      figure.chart?.remove();
      render(figure);
    }
  });
})();
