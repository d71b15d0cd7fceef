// What every page does around its content: says that a request takes long, or failed, or that the session has ended;
// closes the menu of small screens.
(() => {
  const { body } = document;
  if (!body.dataset.seq) return; // not signed in
  const LONG_MS = 300;
  const UNAUTHORISED = 401;

  // --- long requests ----------------------------------------------------------------------------------------------
  // Parts that follow events by themselves are not what a person waits for.
  const byItself = (element) => /from:body|every |load/.test(element?.getAttribute?.("hx-trigger") ?? "");
  const line = document.getElementById("working");
  const running = new Map();
  const begin = ({ detail: { ctx } }) => {
    if (byItself(ctx.sourceElement)) return;
    running.set(ctx, setTimeout(() => (line.hidden = false), LONG_MS));
  };
  const end = ({ detail: { ctx } }) => {
    clearTimeout(running.get(ctx));
    running.delete(ctx);
    if (running.size === 0) line.hidden = true;
  };
  document.addEventListener("htmx:before:request", begin);
  document.addEventListener("htmx:finally:request", end);

  // --- failures -----------------------------------------------------------------------------------------------------
  const notice = document.getElementById("trouble");
  const say = (words) => {
    notice.querySelector("[data-words]").textContent = words;
    notice.hidden = false;
  };
  notice.querySelector("button").addEventListener("click", () => (notice.hidden = true));
  const WORDS = {
    403: "The server refused it: this page may be older than your sign-in. Reload it and try again.",
    404: "That does not exist any more. Reload the page to see what there is.",
    429: "Too many requests in a short time. Wait a moment, then try again.",
  };
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    const { status } = ctx.response;
    if (status === UNAUTHORISED) askToSignIn();
    else if (status >= 500) say("Something broke on the server while this page was brought up to date; it was logged. Try again.");
    else if (WORDS[status]) say(WORDS[status]);
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx && !byItself(ctx.sourceElement)) say("The server did not answer, and nothing is known to have been done. Try again when the page is live.");
  });

  // --- the session ended --------------------------------------------------------------------------------------------
  const dialog = document.getElementById("session-dialog");
  const askToSignIn = () => {
    if (dialog.open) return;
    const here = encodeURIComponent(location.pathname + location.search);
    dialog.querySelector("a").href = `/login/?ended=1&next=${here}`;
    for (const other of document.querySelectorAll("dialog[open]")) other.close();
    dialog.showModal();
  };
  body.addEventListener("puffling-signed-out", askToSignIn);

  // --- the menu of small screens --------------------------------------------------------------------------------------
  const menu = document.querySelector("details.menu");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
})();
