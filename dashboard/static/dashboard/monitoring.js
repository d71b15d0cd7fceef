// The monitoring page: asks the API every five seconds and lays out whatever it answers, so that a new fact needs no new page.
(() => {
  const place = document.getElementById("monitoring");
  const asked = document.getElementById("monitoring-asked");
  const EVERY_MS = 5_000;

  const make = (tag, look, text) => {
    const element = document.createElement(tag);
    if (look) element.className = look;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const words = (key) => {
    const text = key.replace(/_(seconds|bytes)$/, "").replaceAll("_", " ");
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  const isTime = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value);
  const seconds = (value) => (value >= 3600 ? `${(value / 3600).toFixed(1)} h` : value >= 60 ? `${(value / 60).toFixed(1)} min` : `${Number(value).toFixed(1)} s`);

  const moment = (at) => {
    const today = Date.now() - at < 43_200_000;
    return at[today ? "toLocaleTimeString" : "toLocaleString"]([], { hour12: false, timeZone: document.body.dataset.zone });
  };

  const said = (key, value) => {
    if (value === null || value === "") return "–";
    if (value === true) return "yes";
    if (value === false) return "no";
    if (isTime(value)) return moment(new Date(value));
    if (key.endsWith("_bytes")) return `${(value / 1_048_576).toFixed(1)} MB`;
    if (typeof value === "number" && /(_seconds|_s|age|lag)$/.test(key)) return seconds(value);
    return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
  };

  const facts = (entries) => {
    const list = make("dl", "facts");
    for (const [key, value] of entries) {
      const shown = make("dd");
      if (value && typeof value === "object") shown.append(inner(value));
      else shown.textContent = said(key, value);
      list.append(make("dt", "", words(key)), shown);
    }
    return list;
  };

  const listed = (object) =>
    Object.entries(object)
      .map(([key, value]) => `${key} ${Array.isArray(value) && !value.length ? "none" : value}`)
      .join(", ") || "–";

  const table = (rows) => {
    const scrolls = make("div", "scrolls");
    const element = make("table");
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const head = element.createTHead().insertRow();
    for (const name of names) head.append(make("th", "", words(name)));
    const body = element.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const name of names) {
        const value = row[name] ?? null;
        line.append(value && typeof value === "object" ? make("td", "", listed(value)) : make("td", "", said(name, value)));
      }
    }
    scrolls.append(element);
    return scrolls;
  };

  const inner = (value) => {
    if (!Array.isArray(value)) return Object.keys(value).length ? facts(Object.entries(value)) : make("span", "muted", "none");
    if (!value.length) return make("span", "muted", "none");
    return typeof value[0] === "object" ? table(value) : make("span", "", value.map((item) => said("", item)).join(", "));
  };

  const card = (title, content) => {
    const section = make("section", "card");
    const header = make("header");
    header.append(make("h2", "", title));
    const body = make("div", "body");
    body.append(content);
    section.append(header, body);
    return section;
  };

  const draw = (status) => {
    const entries = Object.entries(status).filter(([key]) => key !== "at"); // "as of" is said above
    const plain = entries.filter(([, value]) => value === null || typeof value !== "object");
    const nested = entries.filter(([, value]) => value !== null && typeof value === "object");
    const tiles = make("dl", "tiles");
    for (const [key, value] of plain) {
      const tile = make("div", "tile");
      tile.append(make("dt", "", words(key)), make("dd", "", said(key, value)));
      tiles.append(tile);
    }
    const grid = make("div", "grid cards");
    for (const [key, value] of nested) if (!Array.isArray(value)) grid.append(card(words(key), inner(value)));
    const tables = nested.filter(([, value]) => Array.isArray(value)).map(([key, value]) => card(words(key), inner(value)));
    place.replaceChildren(tiles, grid, ...tables);
  };

  const ask = async () => {
    try {
      const response = await fetch(place.dataset.source, { headers: { Accept: "application/json" } });
      if (response.ok) draw(await response.json());
      asked.textContent = response.ok
        ? `as of ${moment(new Date())}`
        : `The server answered ${response.status}: sign in again, or look at its log.`;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      asked.textContent = "No answer: the web server or the network is down. Asking again.";
    }
  };
  ask();
  setInterval(ask, EVERY_MS);
})();
