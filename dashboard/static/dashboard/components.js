// Alpine components (CSP build: no expressions beyond property names live in the markup).
document.addEventListener("alpine:init", () => {
  const { Alpine } = window;

  // The theme button: system -> the other one -> back; remembered on this device.
  Alpine.data("theme", () => ({
    toggle() {
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      localStorage.setItem("puffling-theme", root.dataset.theme);
      document.body.dispatchEvent(new CustomEvent("puffling-theme"));
    },
  }));

  // A link that opens a <dialog> instead of the page it leads to; without JavaScript the page is there.
  Alpine.data("opens", () => ({
    open(event) {
      const dialog = document.getElementById(this.$el.dataset.dialog);
      if (!dialog) return;
      event.preventDefault();
      dialog.showModal();
    },
  }));
  Alpine.data("dialog", () => ({
    close() {
      this.$el.closest("dialog").close();
    },
  }));

  // A submit button whose form must be confirmed first: data-confirm holds the question.
  Alpine.data("confirms", () => ({
    ask(event) {
      if (!window.confirm(this.$el.dataset.confirm)) event.preventDefault();
    },
  }));

  // New alerts appear in the corner for a while, on every page.
  Alpine.data("toasts", () => ({
    items: [],
    add(event) {
      const { kind, payload, seq } = event.detail;
      if (kind === "acknowledged" || !payload.title) return;
      const item = { key: seq, title: payload.title, body: payload.body ?? "", look: payload.severity === "critical" ? "toast critical" : "toast" };
      this.items = [...this.items.slice(-3), item];
      setTimeout(() => (this.items = this.items.filter((other) => other.key !== item.key)), 9_000);
    },
  }));

  // How long an order still waits for a person: data-left holds the seconds when the page was made.
  Alpine.data("countdown", () => ({
    left: 1,
    init() {
      const end = performance.now() + Number(this.$el.dataset.left) * 1_000;
      const tick = () => (this.left = Math.max(0, Math.round((end - performance.now()) / 1_000)));
      tick();
      this.timer = setInterval(tick, 1_000);
    },
    destroy() {
      clearInterval(this.timer);
    },
    get over() {
      return this.left === 0;
    },
    get words() {
      if (this.over) return "expired";
      const seconds = String(this.left % 60).padStart(2, "0");
      return `${Math.floor(this.left / 60)}:${seconds} left`;
    },
  }));

  // A part of a form that can be taken out; the form is told, so that its preview follows.
  Alpine.data("removable", () => ({
    remove() {
      const { form } = this.$root;
      this.$root.remove();
      form.dispatchEvent(new Event("change", { bubbles: true }));
    },
  }));

  // "Select all" for the bulk buttons.
  Alpine.data("bulk", () => ({
    count: 0,
    boxes() {
      return [...this.$root.querySelectorAll("input[name=action]")];
    },
    all(event) {
      for (const box of this.boxes()) box.checked = event.target.checked;
      this.update();
    },
    update() {
      this.count = this.boxes().filter((box) => box.checked).length;
    },
    get none() {
      return this.count === 0;
    },
    get words() {
      return this.count ? `${this.count} selected` : "";
    },
  }));
});
