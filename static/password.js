// Shows a password on request, and estimates a new one's strength while it is typed. The server decides.
const input = document.getElementById("password");
const show = document.getElementById("password-show");
const bars = document.getElementById("password-strength");
const words = document.getElementById("password-words");

if (show) {
  const labels = [show.textContent, show.dataset.hide];
  show.hidden = false;
  const reveal = (visible) => {
    input.type = visible ? "text" : "password";
    show.setAttribute("aria-pressed", String(visible));
    show.textContent = labels[visible ? 1 : 0];
  };
  show.addEventListener("click", () => reveal(input.type === "password"));
  input.form.addEventListener("submit", () => reveal(false)); // browsers remember what a text field held
}

// What people type first. A password that is mostly one of these is weak however long it is.
const COMMON = /pass?w(or|0r)?d?|letmein|welcome|admin|qwert[yz]|asdf|iloveyou|monkey|dragon|football|summer|winter|spring|autumn|secret|abc|123/gi;

/** 0 to 4: a careful guess, lower rather than higher. */
function strength(password, known) {
  let text = password.toLowerCase().replace(COMMON, "*");
  for (const word of known) text = text.replaceAll(word, "*");
  let steps = 0;
  for (let i = 1; i < text.length; i++) {
    const step = text.charCodeAt(i) - text.charCodeAt(i - 1);
    if (Math.abs(step) > 1) steps++; // neither repeated nor counted up or down
  }
  const different = new Set(text).size;
  const kinds = [/\p{L}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  const bits = Math.min(steps, different * 1.5) * (2.6 + 0.5 * kinds);
  return bits < 24 ? 1 : bits < 36 ? 2 : bits < 54 ? 3 : 4;
}

if (bars) {
  const rule = words.textContent;
  const sentences = words.dataset.words.split("|");
  const known = () =>
    [...input.form.elements]
      .filter((field) => field !== input && field.type !== "hidden" && field.value)
      .flatMap((field) => field.value.toLowerCase().split(/[^\p{L}\p{N}]+/u))
      .filter((word) => word.length > 2);
  input.addEventListener("input", () => {
    const length = [...input.value].length;
    const level = length === 0 ? 0 : length < input.minLength ? 1 : strength(input.value, known());
    bars.hidden = length === 0;
    bars.dataset.level = level;
    words.textContent =
      length === 0 ? rule : length < input.minLength ? words.dataset.short : sentences[level - 1];
  });
}
