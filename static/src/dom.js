// Building pages of text: what comes from the database only ever becomes text nodes and attributes set by property.

export const byId = (id) => document.getElementById(id);

/** element("p", {class: "petit", hidden: true, onclick: f}, "texte", otherElement, null) */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** An address we may put in a link: ours, or plain http(s); anything else (javascript:, data:) gives null. */
export function safeHref(href) {
  if (typeof href !== "string" || href === "") return null;
  try {
    const url = new URL(href, document.baseURI);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

export function link(href, text, attributes = {}) {
  const safe = safeHref(href);
  if (safe === null) return element("span", {}, text);
  const external = new URL(safe).origin !== location.origin;
  return element("a", { href: safe, ...(external ? { rel: "noopener noreferrer", target: "_blank" } : {}), ...attributes }, text);
}

export function debounce(action, delay) {
  let timer;
  return (...parameters) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...parameters), delay);
  };
}
