// Keys are a second way to what is on the page: an element names its key in data-ea-key, pressing it is clicking it.
import { sentence } from "./announce.js";
import { open } from "./dialogs.js";

const SEQUENCE_MS = 1500;
let sequenceEnds = 0;

export function startKeys(singleKeys) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "F6" && event.ctrlKey) return nextPane(event);
    if (event.key === "Enter" && event.ctrlKey) return submit(event);
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (inField(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return arrow(event);
    // F2 edits in place, whatever is said of single keys.
    if (event.key === "F2") return press(event, '[data-ea-key~="F2"]');
    if (singleKeys) single(event);
  });
}

function single(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (Date.now() < sequenceEnds) {
    sequenceEnds = 0;
    if (press(event, `[data-ea-go="${CSS.escape(key)}"]`)) return;
  }
  if (key === "g") {
    sequenceEnds = Date.now() + SEQUENCE_MS;
    event.preventDefault();
    return;
  }
  if (key === "/") return focusSearch(event);
  if (key === "?") return showKeys(event);
  const name = event.shiftKey && /^[a-zäöü]$/.test(key) ? `Shift+${key}` : event.key;
  if (press(event, `[data-ea-key~="${CSS.escape(name)}"]`)) return;
  if (key === "j") move(event, 1);
  if (key === "k") move(event, -1);
}

function press(event, selector) {
  const element = [...document.querySelectorAll(selector)].find((found) => found.checkVisibility());
  if (!element || element.getAttribute("aria-disabled") === "true") return false;
  event.preventDefault();
  // What opens at a button is reached from it; a field has nothing to be pressed.
  if (inField(element) || element.hasAttribute("popovertarget")) element.focus();
  if (!inField(element)) element.click();
  return true;
}

function inField(element) {
  return element.isContentEditable || /^(SELECT|TEXTAREA)$/.test(element.tagName) || (element.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(element.type));
}

function focusSearch(event) {
  const field = document.querySelector("[data-ea-search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

// Arrows move only where a row has the focus: elsewhere they scroll.
function arrow(event) {
  if (event.target.closest("[data-ea-row]")) move(event, event.key === "ArrowDown" ? 1 : -1);
}

function move(event, step) {
  const rows = [...document.querySelectorAll("[data-ea-row]")].filter((row) => row.checkVisibility());
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement.closest("[data-ea-row]"));
  const next = at < 0 ? rows[0] : rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function nextPane(event) {
  const panes = [...document.querySelectorAll("[data-ea-pane]")].filter((pane) => pane.checkVisibility());
  if (!panes.length) return;
  event.preventDefault();
  const at = panes.indexOf(document.activeElement.closest("[data-ea-pane]"));
  const step = event.shiftKey ? -1 : 1;
  const pane = panes[(at + step + panes.length) % panes.length];
  const inside = pane.querySelector("[aria-current]") ?? pane.querySelector("[data-ea-row], [data-number]")
    ?? pane.querySelector("a[href], button, input:not([type=hidden])");
  (pane.tabIndex >= 0 || !inside ? pane : inside).focus();
}

function submit(event) {
  const form = event.target.closest("form");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
}

async function showKeys(event) {
  event.preventDefault();
  let dialog = document.getElementById("tasten-dialog");
  if (!dialog) {
    const answer = await fetch("/hilfe/tasten");
    const list = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("tasten");
    if (!answer.ok || !list) return location.assign("/hilfe/tasten");
    dialog = document.createElement("dialog");
    dialog.id = "tasten-dialog";
    dialog.className = "kern-dialog kern-dialog--wide";
    dialog.setAttribute("aria-label", sentence(document.body, "Keys"));
    const close = document.createElement("form");
    close.method = "dialog";
    close.className = "kern-dialog__footer";
    const button = document.createElement("button");
    button.className = "kern-btn kern-btn--secondary";
    button.textContent = sentence(document.body, "Close");
    close.append(button);
    const body = document.createElement("div");
    body.className = "kern-dialog__body";
    body.append(list);
    dialog.append(body, close);
    document.body.append(dialog);
  }
  open(dialog);
}
