// A table of inputs: arrow keys go up and down in a column, and what was typed is not left by mistake.

const STEPS = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" };

// a list of choices has a use of its own for the arrows; there they go with Ctrl
function isOurs(event) {
  const input = event.target;
  if (!(event.key in STEPS) || !input.matches?.(".table.edit td :is(input, select, textarea)")) return false;
  return event.ctrlKey || (input.localName === "input" && !input.list);
}

function neighbour(input, step) {
  const cell = input.closest("td");
  for (let row = cell.parentElement[step]; row; row = row[step]) {
    const found = row.cells[cell.cellIndex]?.querySelector("input, select, textarea");
    if (found) return found;
  }
  return null;
}

document.addEventListener("keydown", (event) => {
  if (!isOurs(event)) return;
  event.preventDefault();
  const next = neighbour(event.target, STEPS[event.key]);
  next?.focus();
  next?.select?.();
});

const form = document.querySelector("form[data-rows]");
let typed = form.dataset.rows === "typed";

form.addEventListener("input", () => (typed = true));
form.addEventListener("submit", () => (typed = false));
addEventListener("beforeunload", (event) => typed && event.preventDefault());
