// The goal form: rows of targets that come and go, and their running sum.
document.addEventListener("alpine:init", () => {
  const { Alpine } = window;
  const HUNDRED = 100;

  Alpine.data("goalForm", () => ({
    total: 0,
    band: "",
    mode: "",
    init() {
      this.sum();
      this.read();
    },
    read() {
      this.band = this.$root.elements.band_kind?.value ?? "";
    },
    get thresholdParts() {
      return { chosen: this.band === "absolute" || this.band === "relative" };
    },
    inputs(name) {
      return [...this.$refs.targets.querySelectorAll(`input[name=${name}]`)];
    },
    sum() {
      const amounts = this.inputs("weight").map((input) => Number(input.value.replace("%", "").replace(",", ".")));
      const total = amounts.reduce((sum, amount) => sum + (Number.isFinite(amount) ? amount : 0), 0);
      this.total = Math.round(total * 1e6) / 1e6;
    },
    get totalWords() {
      return `${this.total.toLocaleString("en-US", { maximumFractionDigits: 4 })} %`;
    },
    get gap() {
      return Math.round((HUNDRED - this.total) * 1e6) / 1e6;
    },
    get whole() {
      return this.gap === 0;
    },
    get gapWords() {
      if (this.whole) return "adds up";
      const points = Math.abs(this.gap).toLocaleString("en-US", { maximumFractionDigits: 4 });
      return this.gap > 0 ? `${points} % still to give` : `${points} % too many`;
    },
    get totalLook() {
      return { good: this.whole, off: !this.whole };
    },
    get noRest() {
      return this.gap <= 0;
    },
    row(symbol = "", weight = "") {
      const made = this.$refs.row.content.firstElementChild.cloneNode(true);
      made.querySelector("input[name=symbol]").value = symbol;
      made.querySelector("input[name=weight]").value = weight;
      this.$refs.targets.append(made);
      return made;
    },
    add() {
      this.row().querySelector("input").focus();
    },
    // "The rest to cash": what is missing goes to the row of cash, made if there is none.
    rest() {
      const symbols = this.inputs("symbol");
      const cash = symbols.find((input) => input.value.trim().toUpperCase() === "CASH");
      const empty = symbols.find((input) => input.value.trim() === "");
      const row = (cash ?? empty)?.closest(".target-row") ?? this.row();
      row.querySelector("input[name=symbol]").value = "CASH";
      const weight = row.querySelector("input[name=weight]");
      const had = Number(weight.value) || 0;
      weight.value = String(Math.round((had + this.gap) * 1e6) / 1e6);
      this.sum();
    },
    // "Use my current weights": the link would load the page afresh and lose what was typed.
    current(event) {
      event.preventDefault();
      this.$refs.targets.replaceChildren();
      for (const pair of this.$root.dataset.current.split(",")) {
        const [symbol, weight] = pair.split(":");
        if (symbol) this.row(symbol, weight);
      }
      this.sum();
    },
  }));

  Alpine.data("targetRow", () => ({
    drop() {
      const { form } = this.$root.querySelector("input");
      this.$root.remove();
      form.dispatchEvent(new Event("input", { bubbles: true }));
    },
  }));
});
