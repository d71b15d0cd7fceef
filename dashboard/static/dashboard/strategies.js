// Forms of strategies and jobs: what belongs to a choice is shown with it.
document.addEventListener("alpine:init", () => {
  const { Alpine } = window;

  // An element with data-when="field" and data-is="value" is shown while the field of that name has that value.
  Alpine.data("choosing", () => ({
    init() {
      this.read();
    },
    read() {
      const form = this.$root;
      for (const part of form.querySelectorAll("[data-when]")) {
        part.classList.toggle("chosen", form.elements[part.dataset.when]?.value === part.dataset.is);
      }
    },
  }));

  // The boxes of backtests to compare: the button is on from two to eight.
  Alpine.data("comparing", () => ({
    count: 0,
    init() {
      this.update();
    },
    update() {
      this.count = this.$root.querySelectorAll("input[name=ids]:checked").length;
    },
    get off() {
      return this.count < 2 || this.count > 8;
    },
    get words() {
      return this.count ? `${this.count} chosen` : "Choose two or more";
    },
  }));
});
