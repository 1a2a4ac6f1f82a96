// Splitters between panes (the Window Splitter of the ARIA APG). A width is this browser's, one for each kind of page; a
// pane that is folded away is back on the next page.
import { sentence } from "./announce.js";

const LEAST_REM = 6;
const MOST_SHARE = 0.4;
const CLICK_PX = 3;
const NARROW = matchMedia("(max-width: 48rem)");

const root = document.documentElement;

export function startSashes() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onPress);
  document.addEventListener("dblclick", (event) => sashAt(event) && reset(sashAt(event)));
  document.addEventListener("htmx:afterSettle", begin);
  addEventListener("resize", tell);
  // Where panes stand one below the other there is no splitter that would bring a folded one back.
  NARROW.addEventListener("change", () => NARROW.matches && unfold());
  begin();
}

export function fold(pane) {
  const sash = document.querySelector(`[data-ea-sash][aria-controls="${pane.id}"]`);
  if (pane.contains(document.activeElement)) sash.focus();
  pane.hidden = !pane.hidden;
  tell();
}

function sashAt(event) {
  return event.target.closest("[data-ea-sash]");
}

function sashes() {
  return [...document.querySelectorAll("[data-ea-sash]")];
}

function paneOf(sash) {
  return document.getElementById(sash.getAttribute("aria-controls"));
}

function begin() {
  for (const sash of sashes()) lay(sash, recall(sash));
  tell();
}

function unfold() {
  for (const sash of sashes()) paneOf(sash).hidden = false;
  tell();
}

function rem() {
  return parseFloat(getComputedStyle(root).fontSize);
}

function width(sash) {
  return paneOf(sash).getBoundingClientRect().width / rem();
}

function most(sash) {
  return Math.max(LEAST_REM, Math.floor((MOST_SHARE * sash.parentElement.clientWidth) / rem()));
}

function tell() {
  for (const sash of sashes()) {
    const folded = paneOf(sash).hidden;
    sash.setAttribute("aria-valuemin", folded ? 0 : LEAST_REM);
    sash.setAttribute("aria-valuemax", most(sash));
    sash.setAttribute("aria-valuenow", Math.round(width(sash)));
    if (folded) sash.setAttribute("aria-valuetext", sentence(sash, "Folded"));
    else sash.removeAttribute("aria-valuetext");
  }
}

// In a smaller window than the one that a width was chosen in, the middle keeps its share.
function lay(sash, value) {
  if (value) root.style.setProperty(property(sash), `min(${value}rem, ${100 * MOST_SHARE}%)`);
  else root.style.removeProperty(property(sash));
}

function property(sash) {
  return `--${name(sash)}`;
}

function name(sash) {
  return `ea-${sash.dataset.eaSash}-${sash.dataset.eaSide}`;
}

function resize(sash, value) {
  const fits = Math.min(Math.max(value, LEAST_REM), most(sash));
  paneOf(sash).hidden = false;
  lay(sash, fits);
  tell();
  return fits;
}

function onKey(event) {
  const sash = sashAt(event);
  if (!sash || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const wider = sash.dataset.eaSide === "left" ? 1 : -1;
  const widths = {
    ArrowRight: () => Math.round(width(sash)) + wider,
    ArrowLeft: () => Math.round(width(sash)) - wider,
    Home: () => LEAST_REM,
    End: () => most(sash),
  };
  if (event.key === "Enter") fold(paneOf(sash));
  else if (widths[event.key]) keep(sash, resize(sash, widths[event.key]()));
  else return;
  event.preventDefault();
}

function onPress(event) {
  const sash = sashAt(event);
  if (!sash || event.button) return;
  const wider = sash.dataset.eaSide === "left" ? 1 : -1;
  const from = event.clientX;
  const before = width(sash);
  let last = null;
  const drag = (moved) => {
    if (last === null && Math.abs(moved.clientX - from) < CLICK_PX) return;
    last = resize(sash, Math.round(4 * (before + (wider * (moved.clientX - from)) / rem())) / 4);
  };
  sash.setPointerCapture(event.pointerId);
  sash.addEventListener("pointermove", drag);
  sash.addEventListener("lostpointercapture", () => {
    sash.removeEventListener("pointermove", drag);
    if (last !== null) keep(sash, last);
  }, { once: true });
}

function reset(sash) {
  paneOf(sash).hidden = false;
  lay(sash, null);
  keep(sash, null);
  tell();
}

// A browser may refuse to keep anything (a private window, a rule of the house): the width then lasts as long as the page.
function keep(sash, value) {
  try {
    if (value) localStorage.setItem(name(sash), value);
    else localStorage.removeItem(name(sash));
  } catch {
    return;
  }
}

function recall(sash) {
  try {
    return Number(localStorage.getItem(name(sash)));
  } catch {
    return 0;
  }
}
