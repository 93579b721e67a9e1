// The shell of every page: theme switch, keyboard, connection, and what to say when a request fails.

const THEMES = ["system", "light", "dark"];
const root = document.documentElement;

function applyTheme(button, theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const icon of button.querySelectorAll("[data-for]")) icon.hidden = icon.dataset.for !== theme;
  button.querySelector("[data-name]").textContent = button.dataset[theme];
  button.title = button.dataset[theme];
}

function remember(theme) {
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // storage is switched off: the choice lasts for this page
  }
}

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.hidden = false;
  applyTheme(button, root.dataset.theme ?? "system");
  button.addEventListener("click", () => {
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme ?? "system") + 1) % THEMES.length];
    applyTheme(button, theme);
    remember(theme);
  });
}

// `/` goes to the search, Escape closes the menu (which is a target, so that it opens without scripts).
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey) {
    const search = document.querySelector('[data-shortcut="/"]');
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
  if (event.key === "Escape" && location.hash === "#menu") location.hash = "#content";
});

const announce = document.getElementById("announce");
let quiet;

function say(text) {
  announce.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => (announce.textContent = ""), 8000);
}

document.addEventListener("htmx:error", (event) => {
  // a refresh in the background comes again by itself
  if (event.detail?.ctx?.sourceElement?.matches?.(".slot, .progress")) return;
  say(announce.dataset.offline);
});

// A whole error page must not land inside a fragment. 422 carries the form with its errors.
document.addEventListener("htmx:before:swap", (event) => {
  const status = event.detail?.ctx?.response?.status ?? 200;
  if (status >= 400 && status !== 422 && status !== 409) {
    event.preventDefault();
    say(announce.dataset.failed);
  }
});

const link = document.querySelector("[data-link-state]");
if (link) {
  const show = () => {
    link.textContent = navigator.onLine ? link.dataset.online : link.dataset.offline;
    link.classList.toggle("offline", !navigator.onLine);
  };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}
