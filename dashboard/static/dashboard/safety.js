// One limit of the form: its slider and its input say the same, and a changed one is marked.
document.addEventListener("alpine:init", () => {
  window.Alpine.data("limit", () => ({
    changed: false,
    init() {
      const input = this.$root.querySelector("input[name], select[name]");
      const slider = this.$root.querySelector("input[type=range]");
      const mark = () => (this.changed = input.value.trim() !== this.$root.dataset.now);
      input.addEventListener("input", () => {
        if (slider && input.value.trim() !== "" && Number.isFinite(Number(input.value))) slider.value = input.value;
        mark();
      });
      if (slider) {
        slider.hidden = false; // without a script it would say something else than the input
        slider.addEventListener("input", () => {
          input.value = slider.value;
          mark();
        });
      }
      mark();
    },
    get look() {
      return { changed: this.changed };
    },
  }));
});
