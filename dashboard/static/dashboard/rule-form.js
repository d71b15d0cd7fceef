// The rule form: five steps, and the fields that belong to what was chosen.
document.addEventListener("alpine:init", () => {
  const { Alpine } = window;
  const STEPS = ["what", "target", "trigger", "limits", "review"];

  Alpine.data("actionForm", () => ({
    type: "",
    trigger: "",
    order: "",
    step: "what",
    init() {
      const wished = location.hash.replace("#step-", "");
      const opened = this.$root.querySelector(".step.shown")?.dataset.step ?? "what";
      this.step = STEPS.includes(wished) ? wished : opened;
      this.read();
      this.told();
      window.addEventListener("hashchange", () => {
        const name = location.hash.replace("#step-", "");
        if (STEPS.includes(name) && name !== this.step) this.show(name);
      });
    },
    read() {
      const value = (name) => this.$root.elements[name]?.value ?? "";
      this.type = value("action_type");
      this.trigger = value("trigger_type");
      this.order = value("order_type");
    },

    // --- steps -------------------------------------------------------------------------------------------------
    show(name) {
      this.step = name;
      history.replaceState(null, "", `#step-${name}`);
      this.$nextTick(() => {
        const heading = this.$root.querySelector(`#step-${name} h2`);
        heading.focus({ preventScroll: true });
        if (heading.getBoundingClientRect().top < 70) heading.scrollIntoView({ block: "center" });
        this.told();
      });
    },
    told() {
      if (this.step === "review") document.body.dispatchEvent(new CustomEvent("puffling-review"));
      if (this.step === "trigger") document.body.dispatchEvent(new CustomEvent("puffling-trigger-step"));
    },
    go(event) {
      event.preventDefault();
      this.show(this.$el.dataset.step);
    },
    next() {
      this.show(STEPS[Math.min(STEPS.indexOf(this.step) + 1, STEPS.length - 1)]);
    },
    back() {
      this.show(STEPS[Math.max(STEPS.indexOf(this.step) - 1, 0)]);
    },
    // Enter in a field goes on to the next step; only at the last one it saves.
    enter(event) {
      if (event.target.tagName !== "INPUT" || this.step === "review" || !event.target.closest(".step")) return;
      event.preventDefault();
      this.next();
    },
    current() {
      return this.$el.dataset.step === this.step ? "step" : null;
    },
    stepParts() {
      return { shown: this.$el.dataset.step === this.step };
    },

    // --- fields ------------------------------------------------------------------------------------------------
    get trades() {
      return this.type === "BUY" || this.type === "SELL";
    },
    get tradeParts() {
      return { chosen: this.trades };
    },
    get rebalanceParts() {
      return { chosen: this.type === "REBALANCE" };
    },
    get notifyParts() {
      return { chosen: this.type === "NOTIFY" };
    },
    get limitParts() {
      return { chosen: this.trades && (this.order === "limit" || this.order === "stop_limit") };
    },
    get stopParts() {
      return { chosen: this.trades && (this.order === "stop" || this.order === "stop_limit") };
    },
    triggerParts() {
      return { chosen: this.$el.dataset.trigger === this.trigger };
    },
  }));
});
