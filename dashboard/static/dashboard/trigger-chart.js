// The chart of the rule form: the symbol's past, the trigger as a line that can be dragged (mouse, finger, arrow
// keys), and a mark wherever the rule would have fired. The line and the field of the form always say the same.
(() => {
  const { LightweightCharts } = window;
  const money = (price) => `$${price.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: price < 1 ? 4 : 2 })}`;
  const numberIn = (form, name) => {
    const value = Number.parseFloat(form.elements[name]?.value);
    return Number.isFinite(value) && value > 0 ? value : null;
  };
  const write = (form, name, value) => {
    const field = form.elements[name];
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const asPrice = (price) => price.toFixed(price < 1 ? 4 : 2);

  // For each trigger with a level: read the level out of the form, and write a dragged price back into it.
  const fixed = (name, suggested) => ({
    suggested,
    read: (form) => numberIn(form, name),
    write: (form, data, price) => write(form, name, asPrice(price)),
  });
  const BASES = { "1d": "prev_close", session: "session_open", since_armed: "last" };
  const baseOf = (form, data) => data[BASES[form.elements["change_pct-window"]?.value || "1d"]] ?? null;
  const LEVELS = {
    price_below: fixed("price_below-threshold", 0.97),
    price_above: fixed("price_above-threshold", 1.03),
    trailing_stop: {
      suggested: 0.92,
      read(form, data) {
        const sign = form.elements["trailing_stop-side"].value === "short" ? 1 : -1;
        const percent = numberIn(form, "trailing_stop-percent");
        const amount = numberIn(form, "trailing_stop-amount");
        if (percent !== null) return data.last * (1 + (sign * percent) / 100);
        return amount === null ? null : data.last + sign * amount;
      },
      write(form, data, price) {
        const away = Math.max(Math.abs(price - data.last), data.last * 0.001);
        if (numberIn(form, "trailing_stop-amount") !== null) write(form, "trailing_stop-amount", away.toFixed(2));
        else write(form, "trailing_stop-percent", ((away / data.last) * 100).toFixed(1));
      },
    },
    change_pct: {
      suggested: 0.95,
      read(form, data) {
        const change = numberIn(form, "change_pct-change");
        const base = baseOf(form, data);
        if (change === null || base === null) return null;
        return base * (1 + ((form.elements["change_pct-direction"].value === "down" ? -1 : 1) * change) / 100);
      },
      write(form, data, price) {
        const base = baseOf(form, data);
        if (base === null) return;
        const change = (price / base - 1) * 100;
        const direction = form.elements["change_pct-direction"];
        if (direction.value !== "either") direction.value = change < 0 ? "down" : "up";
        write(form, "change_pct-change", Math.max(Math.abs(change), 0.01).toFixed(2));
      },
    },
  };

  document.addEventListener("alpine:init", () => {
    window.Alpine.data("triggerChart", () => {
      // Kept out of the component's state: a chart does not survive being observed.
      let chart = null;
      let series = null;
      let markers = null;
      let line = null;
      let held = null; // the price range on show while the line is dragged
      let data = { points: [], symbol: "" };
      let marks = { timeframe: "", marks: [] };
      let price = null; // where the line is
      let wanted = ""; // what was asked for last
      let waiting = 0;

      return {
        title: "Chart",
        words: "",
        timeframe: "1d",
        empty: true,

        init() {
          this.form = this.$root.closest("form");
          this.handle = this.$root.querySelector(".drag-line");
          this.figure = this.$root.querySelector("figure");
          for (const event of ["input", "change"]) this.form.addEventListener(event, () => this.follow());
          document.addEventListener("htmx:after:swap", () => this.readMarks());
          document.body.addEventListener("puffling-theme", () => this.draw());
          document.body.addEventListener("puffling-trigger-step", () => this.follow());
          document.body.addEventListener("puffling-quotes", ({ detail }) => this.hear(detail.payload.quotes[data.symbol]));
          // While its step is not shown the chart has no size: it is drawn when it gets one.
          new ResizeObserver(() => (chart ? this.place() : this.draw())).observe(this.figure);
          this.listen();
          this.follow();
        },
        pressed() {
          return this.$el.dataset.timeframe === this.timeframe ? "true" : "false";
        },
        get plotParts() {
          return { hollow: this.empty };
        },
        choose() {
          this.timeframe = this.$el.dataset.timeframe;
          write(this.form, "timeframe", this.timeframe);
        },
        trigger() {
          return LEVELS[this.form.elements.trigger_type.value];
        },

        // --- data ----------------------------------------------------------------------------------------------
        follow() {
          const symbol = this.form.elements.symbol.value.trim().toUpperCase();
          const key = `${symbol} ${this.timeframe}`;
          if (key !== wanted) {
            wanted = key;
            clearTimeout(waiting);
            waiting = setTimeout(() => this.fetch(symbol, key), 250);
          }
          this.settle();
        },
        async fetch(symbol, key) {
          if (!symbol) return this.take({ points: [], symbol: "" });
          const query = new URLSearchParams({ symbol, timeframe: this.timeframe });
          try {
            const answer = await fetch(`${this.$root.dataset.source}?${query}`, { headers: { Accept: "application/json" } });
            if (answer.ok && key === wanted) this.take(await answer.json());
          } catch (error) {
            if (!(error instanceof TypeError)) throw error; // no network: the next change asks again
            wanted = "";
          }
        },
        take(found) {
          data = found;
          this.empty = data.points.length === 0;
          this.title = data.symbol ? `${data.symbol} · ${data.name}` : "Chart";
          const quote = this.$root.querySelector(".last");
          quote.dataset.quote = data.symbol;
          quote.textContent = data.last == null ? "" : data.last.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
          this.draw();
        },
        hear(quote) {
          const last = Number(quote?.last);
          if (!Number.isFinite(last) || !series || !data.points.length) return;
          data.last = last;
          const bar = data.points[data.points.length - 1];
          Object.assign(bar, { close: last, high: Math.max(bar.high, last), low: Math.min(bar.low, last) });
          series.update(window.pufflingCharts.shift([bar], data.offset)[0]);
          this.settle();
        },
        readMarks() {
          const stored = document.getElementById("would-have-fired");
          marks = stored ? JSON.parse(stored.textContent) : { timeframe: "", marks: [] };
          this.mark();
        },

        // --- drawing -------------------------------------------------------------------------------------------
        draw() {
          chart?.remove();
          chart = series = markers = line = null;
          if (!data.points.length || !this.figure.clientWidth) return this.settle();
          const { colour, look, shift } = window.pufflingCharts;
          chart = LightweightCharts.createChart(this.figure, { ...look(), autoSize: true, handleScale: { mouseWheel: false } });
          const up = colour("up");
          const down = colour("down");
          series = chart.addSeries(LightweightCharts.CandlestickSeries, {
            upColor: up, wickUpColor: up, downColor: down, wickDownColor: down, borderVisible: false,
            autoscaleInfoProvider: (original) => this.range(original()),
          });
          series.setData(shift(data.points, data.offset));
          markers = LightweightCharts.createSeriesMarkers(series, []);
          chart.timeScale().setVisibleLogicalRange({ from: Math.max(0, data.points.length - 180), to: data.points.length + 6 });
          chart.timeScale().subscribeVisibleLogicalRangeChange(() => this.place());
          this.mark();
          this.settle();
        },
        // The line stays in sight unless it is so far away that the candles would be flattened.
        range(info) {
          if (!info?.priceRange) return info;
          if (held) return { ...info, priceRange: held };
          const { minValue: low, maxValue: high } = info.priceRange;
          if (price !== null && price > low * 0.6 && price < high * 1.6) {
            const room = (high - low) * 0.06;
            info.priceRange = { minValue: Math.min(low, price - room), maxValue: Math.max(high, price + room) };
          }
          return info;
        },
        mark() {
          if (!markers) return;
          const { colour, shift } = window.pufflingCharts;
          const known = marks.timeframe === this.timeframe ? marks.marks : [];
          const times = data.points.map((point) => point.time);
          const bars = [...new Set(known.map((mark) => times.findLast((time) => time <= mark.time)))].filter((time) => time !== undefined);
          markers.setMarkers(
            shift(bars.map((time) => ({ time })), data.offset).map(({ time }) => ({
              time, position: "aboveBar", shape: "arrowDown", color: colour("beak"), text: bars.length > 25 ? "" : "fires",
            })),
          );
        },

        // --- the line ------------------------------------------------------------------------------------------
        // Bring the line to where the form says; without a number in the form, to a suggestion.
        settle() {
          const trigger = this.trigger();
          const usable = Boolean(trigger && data.points.length && data.last);
          this.handle.hidden = !usable;
          if (line && series) series.removePriceLine(line);
          line = null;
          price = null;
          if (!usable) {
            this.words = data.points.length ? "This trigger has no price line; marks show where it would have fired." : "Choose a symbol in step 2 to see its chart.";
            return;
          }
          const level = trigger.read(this.form, data);
          price = level ?? data.last * trigger.suggested;
          this.handle.classList.toggle("suggested", level === null);
          if (series) line = series.createPriceLine({ price, color: window.pufflingCharts.colour("beak"), lineWidth: 2, lineStyle: level === null ? 1 : 0, axisLabelVisible: true, title: "" });
          const away = (price / data.last - 1) * 100;
          const where = `${money(price)}, ${Math.abs(away).toFixed(1)}% ${away < 0 ? "below" : "above"} the price`;
          this.words = level === null ? "Drag the line to set the price, or type it above." : `Fires at ${where}. Drag the line, or use the arrow keys on it.`;
          this.handle.querySelector(".grip").textContent = level === null ? "drag me" : money(price);
          this.handle.setAttribute("aria-valuenow", asPrice(price));
          this.handle.setAttribute("aria-valuemin", "0.01");
          this.handle.setAttribute("aria-valuemax", asPrice(data.last * 3));
          this.handle.setAttribute("aria-valuetext", level === null ? `not set, suggested ${money(price)}` : where);
          this.place();
        },
        // The chart lays itself out a frame later than it is told.
        place() {
          requestAnimationFrame(() => {
            const y = series && price !== null ? series.priceToCoordinate(price) : null;
            const height = this.figure.clientHeight;
            if (y === null || !height) return;
            this.handle.style.top = `${Math.min(Math.max(y, 0), height - 30)}px`;
          });
        },
        move(to) {
          const trigger = this.trigger();
          const lowest = data.last < 1 ? 0.0001 : 0.01;
          trigger.write(this.form, data, Math.max(to, lowest));
          this.settle();
        },
        listen() {
          const { handle } = this;
          const top = () => this.figure.getBoundingClientRect().top;
          handle.addEventListener("pointerdown", (event) => {
            event.preventDefault();
            handle.focus();
            handle.setPointerCapture(event.pointerId);
            const height = this.figure.clientHeight;
            const [high, low] = [series.coordinateToPrice(0), series.coordinateToPrice(height - 28)];
            held = { minValue: low, maxValue: high };
            handle.classList.add("dragging");
          });
          handle.addEventListener("pointermove", (event) => {
            if (!handle.classList.contains("dragging")) return;
            const to = series.coordinateToPrice(event.clientY - top());
            if (to !== null && to > 0) this.move(to);
          });
          const stop = () => {
            if (!handle.classList.contains("dragging")) return;
            handle.classList.remove("dragging");
            held = null;
            chart.priceScale("right").applyOptions({ autoScale: true });
            this.settle();
            setTimeout(() => this.place(), 60);
          };
          handle.addEventListener("pointerup", stop);
          handle.addEventListener("pointercancel", stop);
          handle.addEventListener("keydown", (event) => {
            const steps = { ArrowUp: 0.001, ArrowRight: 0.001, ArrowDown: -0.001, ArrowLeft: -0.001, PageUp: 0.01, PageDown: -0.01 };
            const by = steps[event.key];
            if (by === undefined || price === null) return;
            event.preventDefault();
            const least = data.last < 1 ? 0.0001 : 0.01;
            this.move(price + Math.sign(by) * Math.max(Math.abs(by) * data.last, least));
          });
        },
      };
    });
  });
})();
