// The page of a unit: a button to copy each citation, with today's date; on paper, what is folded is shown.
const today = new Date().toLocaleDateString("fr-FR", { day: "2-digit", month: "2-digit", year: "numeric" });

// The server wrote the address it was asked by, which may not be the one the reader sees.
for (const place of document.querySelectorAll(".adresse")) place.textContent = location.origin + location.pathname + location.search;
for (const place of document.querySelectorAll("[data-consulte]")) place.textContent = `, consulté le ${today}`;

function announce(button, sentence) {
  button.textContent = sentence;
  setTimeout(() => { button.textContent = "Copier la citation"; }, 4000);
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text.textContent.replace(/\s+/g, " ").trim());
    announce(button, "Citation copiée");
  } catch { // no clipboard without HTTPS: the text is selected, Ctrl+C does the rest
    getSelection().selectAllChildren(text);
    announce(button, "Texte sélectionné : Ctrl+C pour copier");
  }
}

for (const text of document.querySelectorAll(".citation-texte")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "bouton";
  button.textContent = "Copier la citation";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => copy(button, text));
  text.after(button);
}

const unfolded = new Set();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details:not([open]):not(.citation)")) {
    details.open = true;
    unfolded.add(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of unfolded) details.open = false;
  unfolded.clear();
});
