// Every element of the arena is made here. Text goes in as text, so nothing that a study says can become markup.

/**
 * Return an element.
 *
 * @param {string} name of the element
 * @param {Object} attributes `on…` are listeners; true writes the bare attribute; false, null and undefined leave it out
 * @param {...(Node|string|Array)} children strings become text; null, undefined and false add nothing
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Return a button that never submits a form. */
export function button(label, attributes = {}, key = null) {
  return h("button", { type: "button", ...attributes }, label, key && h("kbd", { "aria-hidden": "true" }, key));
}

/** Return plain text as paragraphs: empty lines separate them. */
export function paragraphs(text) {
  return text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean).map((part) => h("p", {}, part));
}

const SLIDER = /^(Arrow|Page|Home$|End$)/;

/** Whether a key that is pressed in an element is the element's own: all in text fields, some in sliders and buttons. */
export function takesKey(element, key) {
  if (element.matches("button, a")) return key === "Enter" || key === " ";
  if (element.matches("input[type=range]")) return SLIDER.test(key);
  return element.matches("input, textarea, select");
}
