// The socket, what it says about being live, and catching up on what was missed.
//
// /ws/live tells every event of the user, numbered and in order, and the prices of the symbols shown. What happened
// while the socket was cut is read from /api/events/?after=<last number>.
// For the page, an event becomes a DOM event on <body>: "puffling-<topic>" (alerts, orders, executions, actions,
// portfolio, safety), and prices become "puffling-quotes". htmx parts and Alpine components listen to those.
(() => {
  const { body } = document;
  if (!body.dataset.seq) return; // not signed in

  const SILENCE_MS = 40_000; // the server beats every 15 s
  const FIRST_CONNECT_MS = 6_000;
  const RECONNECT_MS = [500, 1_000, 2_000, 5_000, 10_000];
  const MOST_SYMBOLS = 200;
  const SIGNED_OUT = 4401;

  const started = Date.now();
  let seen = Number(body.dataset.seq); // every event up to this number has been told to the page
  let catchingUp = false;
  let state = "connecting";
  let open = false;
  let heard = 0; // when the server last said anything
  let attempt = 0;
  let signedOut = false;
  let socket = null;
  let subscribed = "";

  const announce = (name, detail) => body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));

  // --- events, in order ---------------------------------------------------------------------------------------
  const receive = (event) => {
    if (event.seq <= seen) return;
    seen = event.seq;
    announce(`puffling-${event.topic}`, event);
  };

  const catchUp = async () => {
    if (catchingUp) return;
    catchingUp = true;
    try {
      for (let more = true; more; ) {
        const response = await fetch(`/api/events/?after=${seen}`, { headers: { Accept: "application/json" } });
        if (!response.ok) return;
        const listed = await response.json();
        listed.results.forEach(receive);
        more = listed.more && listed.results.length > 0;
        if (!more) seen = Math.max(seen, listed.last_seq);
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // no network: the next reconnect tries again
    } finally {
      catchingUp = false;
    }
  };

  // --- live or stale --------------------------------------------------------------------------------------------
  const show = () => {
    const now = Date.now();
    const before = state;
    if (open && now - heard < SILENCE_MS) state = "live";
    else if (state !== "connecting" || now - started > FIRST_CONNECT_MS) state = "stale";
    if (state === before) return;
    const since = new Date(heard || started).toLocaleTimeString([], { hour12: false, timeZone: body.dataset.zone });
    const words = state === "live" ? "live" : `stale since ${since}`;
    for (const place of document.querySelectorAll("[data-connection]")) {
      place.dataset.state = state;
      place.querySelector("[data-words]").textContent = signedOut ? "signed out" : words;
    }
    guardTrading();
  };

  // Buttons that trade on what the page shows are off while the page may be out of date. The kill switch never is.
  const guardTrading = () => {
    const stale = state === "stale";
    for (const button of document.querySelectorAll("[data-trading]")) {
      if (button.dataset.ownTitle === undefined) button.dataset.ownTitle = button.title;
      button.disabled = stale;
      button.title = stale ? "Off while this page is stale: what it shows may be out of date" : button.dataset.ownTitle;
    }
  };

  // --- the socket -------------------------------------------------------------------------------------------------
  const subscribe = () => {
    const cells = [...document.querySelectorAll("[data-quote]")];
    const symbols = [...new Set(cells.map((cell) => cell.dataset.quote))].sort().slice(0, MOST_SYMBOLS);
    if (!open || symbols.join() === subscribed) return;
    subscribed = symbols.join();
    socket.send(JSON.stringify({ subscribe: symbols }));
  };

  const hear = ({ data }) => {
    const message = JSON.parse(data);
    heard = Date.now();
    if (message.topic === "quotes") announce("puffling-quotes", message);
    else if (message.topic !== "socket") receive(message);
    else if (message.kind === "hello") {
      open = true;
      signedOut = false;
      attempt = 0;
      subscribe();
    }
    if (message.topic === "socket" && message.payload.last_seq > seen) catchUp();
    show();
  };

  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/live`);
    socket.onmessage = hear;
    socket.onclose = ({ code }) => {
      open = false;
      subscribed = "";
      signedOut = code === SIGNED_OUT;
      if (signedOut) announce("puffling-signed-out", {});
      show();
      const wait = RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)];
      attempt += 1;
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
    };
  };

  connect();
  setInterval(show, 1_000);
  document.addEventListener("htmx:after:swap", () => {
    subscribe();
    guardTrading();
  });

  // --- prices -----------------------------------------------------------------------------------------------------
  const showPrice = (symbol, quote) => {
    const price = Number(quote.last);
    if (!Number.isFinite(price)) return;
    for (const cell of document.querySelectorAll(`[data-quote="${CSS.escape(symbol)}"]`)) {
      const before = Number(cell.dataset.last);
      if (before === price) continue;
      const digits = price < 1 ? 4 : 2;
      cell.dataset.last = quote.last;
      cell.textContent = price.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
      cell.classList.remove("price-flash-up", "price-flash-down");
      void cell.offsetWidth; // restart the animation
      cell.classList.add(price > before ? "price-flash-up" : "price-flash-down");
    }
  };
  body.addEventListener("puffling-quotes", ({ detail }) => {
    for (const [symbol, quote] of Object.entries(detail.payload.quotes)) showPrice(symbol, quote);
  });
})();
