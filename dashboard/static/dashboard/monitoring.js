// The monitoring page: every five seconds it asks the API and /readyz, and fills in what the page has places for.
// The small lines are what this page has seen since it was opened; nothing is kept on the server for them.
(() => {
  const root = document.getElementById("monitoring");
  const asked = document.getElementById("monitoring-asked");
  const EVERY_MS = 5_000;
  const KEPT = 60; // points: five minutes
  const WIDTH = 120;
  const SILENT = { beat: 90, sweeper: 30 }; // seconds; 75 for what is not named
  const SLOW_QUEUE = 100;
  const STUCK_QUEUE = 1_000;
  const seen = new Map();

  const CHECKS = {
    database: ["Database (PostgreSQL)", "Start PostgreSQL; Puffling goes on by itself when it answers."],
    redis: ["Messages and live pages (Valkey)", "Start Valkey. Rules and stops go on meanwhile, more slowly."],
    migrations: ["Tables are up to date", "Run manage.py migrate, then start Puffling again."],
    workers: ["Workers of rules and orders", "Start the workers: make run, or your service manager."],
    sweeper: ["Sweeper (catches what was left)", "Start manage.py sweep."],
    feed: ["Market feed", "Start manage.py feed, or look at its log for what its source says."],
  };
  const QUEUES = {
    ticks: "prices to hold against rules",
    trading: "firings and orders",
    jobs: "schedules, backtests, rebalances",
    agent: "runs of the agent",
    default: "alerts and housekeeping",
  };
  const PROCESSES = {
    beat: "starts what is due by the clock",
    evaluate: "holds prices against rules",
    sweeper: "catches what was left behind",
    "queue:ticks": "worker: prices",
    "queue:trading": "worker: orders",
    "queue:jobs": "worker: jobs",
    "queue:agent": "worker: agent",
    "queue:default": "worker: the rest",
  };

  const by = (id) => document.getElementById(id);
  const make = (tag, look, text) => {
    const element = document.createElement(tag);
    if (look) element.className = look;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  const words = (code) => {
    const text = code.replaceAll("_", " ").toLowerCase();
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  const span = (value) => {
    if (value === null || value === undefined) return "never";
    for (const [size, unit] of [[86_400, "d"], [3_600, "h"], [60, "min"]]) if (value >= size) return `${Math.round(value / size)} ${unit}`;
    return value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
  };
  const moment = (at) => at.toLocaleString("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", timeZone: document.body.dataset.zone });
  const clock = (at) => at.toLocaleTimeString("en-GB", { hour12: false, timeZone: document.body.dataset.zone });
  const toneOf = (value, warn, bad) => (value === null || value === undefined ? "warn" : value > bad ? "bad" : value > warn ? "warn" : "good");

  // --- small lines ----------------------------------------------------------------------------------------------
  const remember = (name, value) => {
    const values = [...(seen.get(name) ?? []), value ?? 0].slice(-KEPT);
    seen.set(name, values);
    return values;
  };
  const points = (values, height) => {
    const top = Math.max(...values, 1e-9);
    const step = WIDTH / Math.max(values.length - 1, 1);
    return values.map((value, index) => `${(index * step).toFixed(1)},${(height - 2 - (value / top) * (height - 5)).toFixed(1)}`).join(" ");
  };
  const line = (values) => {
    const space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    for (const [name, value] of [["class", "spark"], ["viewBox", "0 0 120 30"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) drawing.setAttribute(name, value);
    const path = document.createElementNS(space, "polyline");
    path.setAttribute("points", points(values, 30));
    drawing.append(path);
    return drawing;
  };

  // --- parts of the page ------------------------------------------------------------------------------------------
  const tile = (id, { tone, value, note, track }) => {
    const place = by(id);
    place.querySelector(".dot").className = `dot ${tone}`;
    put(place.querySelector("[data-value]"), value);
    if (note) put(place.querySelector("[data-note]"), note);
    if (track !== undefined) place.querySelector("polyline").setAttribute("points", points(remember(id, track), 30));
  };

  const counts = (id, tally) => {
    const place = by(id);
    const link = place.dataset.link;
    const entries = Object.entries(tally);
    const shown = entries.map(([state, count]) => {
      const element = make(link ? "a" : "span", "", `${count.toLocaleString("en-US")} ${words(state).toLowerCase()}`);
      if (link) element.href = link + encodeURIComponent(state);
      return element;
    });
    place.replaceChildren(...(shown.length ? shown : [make("span", "muted", "none")]));
  };

  const checks = (ready) => {
    const rows = Object.entries(ready).map(([name, { ok, detail }]) => {
      const [title, fix] = CHECKS[name] ?? [words(name), ""];
      const row = make("li");
      const head = make("div", "line");
      head.append(make("span", `dot ${ok ? "good" : "bad"}`), make("span", "", title), make("span", `push small ${ok ? "muted" : "down strong"}`, ok ? "well" : "not well"));
      row.append(head);
      if (!ok) row.append(make("div", "small", `${words(detail)}. ${fix}`));
      return row;
    });
    by("m-checks").replaceChildren(...rows);
  };

  const queues = (depths) => {
    const rows = Object.entries(depths).map(([name, depth]) => {
      const row = make("tr");
      const title = make("td");
      title.append(make("div", "", words(name)), make("div", "small muted", QUEUES[name] ?? ""));
      const lately = make("td");
      lately.append(line(remember(`queue:${name}`, depth)));
      const tone = depth === null ? "bad" : toneOf(depth, SLOW_QUEUE, STUCK_QUEUE);
      const waiting = make("td", "number");
      waiting.append(make("span", `dot ${tone}`), make("span", "", depth === null ? " unknown" : ` ${depth.toLocaleString("en-US")}`));
      row.append(title, lately, waiting);
      return row;
    });
    by("m-queues").replaceChildren(...rows);
  };

  const says = (details) =>
    Object.entries(details)
      .filter(([, value]) => !(Array.isArray(value) && !value.length))
      .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(", ") : typeof value === "number" ? value.toLocaleString("en-US") : value}`)
      .join(" · ");

  const cell = (label, look, text) => {
    const made = make("td", look, text);
    if (label) made.dataset.label = label;
    return made;
  };
  const processes = (listed) => {
    const rows = listed.map(({ process, age_seconds: age, details }) => {
      const row = make("tr");
      const silent = SILENT[process] ?? 75;
      const name = cell("Process", "");
      const inner = make("span");
      inner.append(make("span", `dot ${toneOf(age, silent, silent * 2)}`), make("span", "", ` ${words(process.replace(":", " "))}`));
      name.append(inner);
      row.append(name, cell("Does", "small muted", PROCESSES[process] ?? (process.startsWith("feed:") ? "brings prices" : "")), cell("Heard of", "number", `${span(age)} ago`), cell("Says", "small wide", says(details) || "–"));
      return row;
    });
    by("m-processes").replaceChildren(...rows);
  };

  const downtime = (found) => {
    const place = by("m-downtime");
    if (!found) return place.replaceChildren(make("p", "muted small", "Puffling has not been down since it was set up, as far as it knows."));
    const list = make("dl", "facts small");
    const told = (name, text) => list.append(make("dt", "", name), make("dd", "", text));
    told("From", moment(new Date(found.since)));
    told("Until", `${moment(new Date(found.until))} (${span(found.down_seconds)})`);
    told("Rules missed", found.missed_count ? `${found.missed_count} times that were due` : "nothing that was due");
    told("Jobs missed", found.missed_runs_count ? `${found.missed_runs_count} runs` : "none");
    place.replaceChildren(list);
    if (!found.missed_count) return undefined;
    const missed = make("ul", "plain small");
    for (const one of found.missed.slice(0, 5)) missed.append(make("li", "", `${moment(new Date(one.due_at))}: ${words(String(one.outcome ?? ""))}. ${one.note ?? ""}`));
    const all = make("a", "small", "What was done about them");
    all.href = "/alerts/#missed";
    place.append(missed, all);
    return undefined;
  };

  // --- what it comes to -------------------------------------------------------------------------------------------
  const advice = (status, ready) => {
    const found = Object.entries(ready)
      .filter(([, { ok }]) => !ok)
      .map(([name, { detail }]) => ["bad", `${CHECKS[name]?.[0] ?? name}: ${detail}. ${CHECKS[name]?.[1] ?? ""}`]);
    if (!status.engine_active) found.push(["bad", `Prices have waited ${span(status.lag_seconds)} for their evaluation: look whether the worker of the queue ticks runs.`]);
    for (const [name, depth] of Object.entries(status.queues)) {
      if (depth > SLOW_QUEUE) found.push([depth > STUCK_QUEUE ? "bad" : "warn", `${depth.toLocaleString("en-US")} messages wait in ${name}: its worker is stopped or overloaded.`]);
    }
    if (status.recent_errors) found.push(["warn", `${status.recent_errors} failures or rejections in the last 24 hours: they are among your alerts.`]);
    const late = Object.values(status.missed).reduce((sum, count) => sum + count, 0);
    if (late) found.push(["warn", `${late} firings came too late to act on in the last 24 hours.`]);
    return found;
  };

  const verdict = (found) => {
    const tone = found.some(([each]) => each === "bad") ? "bad" : found.length ? "warn" : "good";
    const place = by("m-verdict");
    place.dataset.tone = tone;
    place.querySelector("[data-dot]").className = `dot ${tone}`;
    put(place.querySelector("[data-headline]"), { good: "All is well", warn: "Running, with something to look at", bad: "Something is wrong" }[tone]);
    const list = place.querySelector("[data-advice]");
    const told = found.map(([, text]) => text);
    if (list.dataset.told === told.join("\n")) return;
    list.dataset.told = told.join("\n");
    list.replaceChildren(...told.map((text) => make("li", "small", text)));
  };

  const draw = (status, ready) => {
    const age = status.last_evaluation_age_seconds;
    const lag = status.lag_seconds;
    tile("m-engine", { tone: status.engine_active ? "good" : "bad", value: status.engine_active ? "Active" : "Late", note: status.engine_active ? "evaluates your rules on every price" : "prices wait: see above" });
    tile("m-lag", { tone: toneOf(lag, 2, 10), value: span(lag), track: lag });
    tile("m-evaluation", { tone: status.engine_active ? "good" : toneOf(age, 60, 120), value: age === null ? "none yet" : `${span(age)} ago`, note: status.last_evaluation ? `at ${clock(new Date(status.last_evaluation))}` : "with the first price of a watched symbol", track: age });
    tile("m-feed", { tone: toneOf(status.feed_age_seconds, 30, 60), value: status.feed_age_seconds === null ? "none" : `${span(status.feed_age_seconds)} ago`, note: status.feed_source ? `source: ${status.feed_source}` : "no feed was ever started", track: status.feed_age_seconds });
    tile("m-errors", { tone: status.recent_errors ? "warn" : "good", value: String(status.recent_errors) });
    checks(ready);
    queues(status.queues);
    processes(status.processes);
    for (const name of ["actions", "open_executions", "orders", "missed"]) counts(`m-${name}`, status[name]);
    downtime(status.downtime);
    put(by("m-database"), `${(status.database_bytes / 1_048_576).toFixed(1)} MB`);
    put(by("m-versions"), Object.entries(status.versions).map(([name, version]) => `${name} ${version}`).join(", "));
    verdict(advice(status, ready));
    root.setAttribute("aria-busy", "false");
  };

  const ask = async () => {
    try {
      const options = { headers: { Accept: "application/json" } };
      const [response, ready] = await Promise.all([fetch(root.dataset.source, options), fetch(root.dataset.ready, options)]);
      if (response.ok) draw(await response.json(), (await ready.json()).checks);
      if (response.status === 401 || response.status === 403) document.body.dispatchEvent(new CustomEvent("puffling-signed-out"));
      put(asked, response.ok ? `as of ${clock(new Date())}` : `The server answered ${response.status}: sign in again, or look at its log.`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      put(asked, "No answer: the web server or the network is down. Asking again.");
    }
  };
  ask();
  setInterval(ask, EVERY_MS);
})();
