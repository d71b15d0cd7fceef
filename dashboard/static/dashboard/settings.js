// Settings and alerts: copying, the theme, and the form that asks to be told.
document.addEventListener("alpine:init", () => {
  const { Alpine } = window;

  // A field with a button that copies it; without the clipboard (plain http) it is selected, ready for the keyboard.
  Alpine.data("copies", () => ({
    words: "Copy",
    async copy() {
      const field = this.$root.querySelector("input, textarea");
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        this.words = "Copied";
      } catch {
        this.words = document.execCommand("copy") ? "Copied" : "Selected";
      }
      setTimeout(() => (this.words = "Copy"), 2_500);
    },
  }));

  // Light, dark, or as the device: the same memory as the button of the frame.
  Alpine.data("appearance", () => ({
    init() {
      const chosen = localStorage.getItem("puffling-theme") ?? "system";
      for (const radio of this.$root.querySelectorAll("input")) radio.checked = radio.value === chosen;
    },
    choose(event) {
      const root = document.documentElement;
      if (event.target.value === "system") {
        delete root.dataset.theme;
        localStorage.removeItem("puffling-theme");
      } else {
        root.dataset.theme = event.target.value;
        localStorage.setItem("puffling-theme", event.target.value);
      }
      document.body.dispatchEvent(new CustomEvent("puffling-theme"));
    },
  }));

  // Only the fields of what was chosen: data-when="field=value,value" on each part.
  Alpine.data("alertForm", () => ({
    values: {},
    init() {
      this.read();
    },
    read() {
      this.values = Object.fromEntries(new FormData(this.$root));
    },
    parts() {
      const [name, wanted] = this.$el.dataset.when.split("=");
      return { chosen: wanted.split(",").includes(this.values[name]) };
    },
  }));
});
