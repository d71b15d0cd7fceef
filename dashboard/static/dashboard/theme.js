// Runs before the first paint: the remembered colour theme, so that the page does not flash.
(() => {
  document.documentElement.classList.add("js");
  const chosen = localStorage.getItem("puffling-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
