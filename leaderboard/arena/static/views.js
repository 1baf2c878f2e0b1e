// The pages around the voting: instructions and consent, help, skipping, waiting, the end.

import { button, h, paragraphs } from "./dom.js";

const KEYS = {
  pairs: [["1 2 3 4", "left, right, tie, both bad"], ["← →", "left, right"]],
  ratings: [["1 2 3 4 5", "bad to excellent"]],
};
const COMMON_KEYS = [
  ["↑ ↓", "question before, question after"], ["Enter", "on to the next task"],
  ["Space", "play or pause"], ["S", "side view"], ["Z", "take the last answer back"],
];

/**
 * Return the first page.
 *
 * @param {Object} study of api/state
 * @param {function()} agree called when the rater agrees
 */
export function consent(study, agree) {
  const practice = study.training ? `, after ${count(study.training, "task")} for practice` : "";
  const shows = study.type === "pairs" ? "two videos of the same text. Watch both" : "a video of a text. Watch it";
  return page("Study", study.name,
    h("div", { class: "text" }, paragraphs(study.instructions)),
    h("h2", {}, "How it goes"),
    h("ul", {},
      h("li", {}, `You get up to ${count(study.tasks, "task")}${practice}.`),
      h("li", {}, `Each shows ${shows} to the end, then answer.`),
      h("li", {}, "You can take the last answer back, and skip what you can't judge."),
      h("li", {}, "You can stop at any time: on this device the page goes on where you left.")),
    h("h2", {}, "What is kept"),
    h("p", {}, "Your answers and comments, and how long each took, under a random number. Neither your name nor your address is kept. " +
      "A cookie remembers the random number."),
    button("Agree and start", { class: "primary", onclick: agree }));
}

/** Return the last page. */
export function done(study, progress, undo) {
  const all = progress.done ? `All done: ${count(progress.done, "task")}. Your answers are stored, and` : "Everything was judged already:";
  return page(study.name, "Thank you",
    h("p", {}, `${all} you can close this page.`),
    progress.undo && button("Take the last answer back", { onclick: undo }, "Z"));
}

/** Return the page while all tasks that are left are with others. */
export function waiting(study, look) {
  return page(study.name, "No task is free just now",
    h("p", {}, "Others are busy with those that are left. This page looks again every half minute."),
    button("Look now", { class: "primary", onclick: look }));
}

/** Return a page that says what went wrong and offers a way on. */
export function trouble(heading, message, label, action) {
  return page("", heading, h("p", {}, message), button(label, { class: "primary", onclick: action }));
}

/** Return what a practice task says once it is answered. */
export function verdict({ right, why, side }, go) {
  return h("div", { class: "feedback", "data-right": String(right) },
    h("h2", { tabindex: "-1" }, right ? "That is right" : "Look again"),
    h("p", {}, side && `The better one is on the ${side}. `, why),
    button("Continue", { class: "primary", onclick: go }, "Enter"));
}

/**
 * Open the instructions and the keys.
 *
 * @param {Element} root where the dialog is put
 * @param {Object} study of api/state
 * @param {boolean} on whether keys answer
 * @param {function(boolean)} turn switches that
 */
export function help(root, study, on, turn) {
  const box = h("input", { type: "checkbox", id: "arena-shortcuts", checked: on, onchange: () => turn(box.checked) });
  const rows = [...KEYS[study.type], ...COMMON_KEYS].map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)));
  open(root, "Instructions and keys",
    h("div", { class: "text" }, paragraphs(study.instructions)),
    h("dl", { class: "asked" }, study.questions.map((question) => [h("dt", {}, question.text), h("dd", {}, question.help)])),
    h("dl", { class: "keys" }, rows),
    h("p", {}, h("label", {}, box, "Answer with these keys")),
    (close) => button("Close", { class: "primary", onclick: close }));
}

/** Ask why a task is skipped; `skip(reason, comment)` is called with the answer. */
export function askToSkip(root, study, skip) {
  const comment = h("textarea", { rows: "2", maxlength: "2000", id: "arena-skip-comment" });
  const reasons = Object.entries(study.skips).map(([reason, text], n) =>
    h("label", {}, h("input", { type: "radio", name: "arena-skip", value: reason, checked: n === 0 }), text));
  const fields = h("fieldset", {}, h("legend", {}, "Why?"), reasons);
  const chosen = () => fields.querySelector("input:checked").value;
  open(root, "Skip this task", fields, h("label", { for: comment.id }, "Comment (optional)"), comment, (close) => [
    button("Skip", { class: "primary", onclick: () => { close(); skip(chosen(), comment.value.trim()); } }),
    button("Cancel", { onclick: close }),
  ]);
}

/** Open a dialog; the last part is a function that gets `close` and returns the buttons. */
function open(root, heading, ...parts) {
  const dialog = h("dialog", { "aria-labelledby": "arena-dialog" }, h("h2", { id: "arena-dialog" }, heading), ...parts.slice(0, -1));
  dialog.append(h("div", { class: "row" }, parts.at(-1)(() => dialog.close())));
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}

function page(eyebrow, heading, ...parts) {
  return h("section", { class: "page" }, h("p", { class: "eyebrow" }, eyebrow), h("h1", { tabindex: "-1" }, heading), parts);
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
