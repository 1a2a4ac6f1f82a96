// The viewer: which page is read, zoom, hits, and the selectable text laid over each page when it comes near.
import { announce, sentence } from "./announce.js";
import { fold } from "./sash.js";

const ZOOM = ["50", "75", "100", "125", "150", "200", "300", "400"];
const SVG = "http://www.w3.org/2000/svg";
const NEAR = "800px 0px";

let desk, pages, hits;
let hitAt = -1;
let pageAt = 0;

export function startViewer() {
  document.addEventListener("click", (event) => acts[event.target.closest("[data-ea-act]")?.dataset.eaAct]?.());
  desk = document.querySelector("[data-ea-viewer]");
  if (!desk) return;
  pages = [...desk.querySelectorAll("[data-ea-page]")];
  hits = [...desk.querySelectorAll("[data-ea-match]")];
  if (!pages.length) return;
  watchPages();
  watchTextLayers();
  show(Number(desk.dataset.eaViewer) || 1, false);
  if (hits.length) firstHit();

  document.addEventListener("click", (event) => {
    const thumb = event.target.closest("[data-ea-thumb]");
    if (!thumb) return;
    event.preventDefault();
    show(Number(thumb.dataset.eaThumb), true);
  });
  document.querySelector("[data-ea-page-form]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    show(Number(field().value), true);
  });
}

const acts = {
  previousPage: () => show(pageAt - 1, true),
  nextPage: () => show(pageAt + 1, true),
  zoomIn: () => zoom(1),
  zoomOut: () => zoom(-1),
  zoomFit: () => setZoom(null),
  rotate: () => turn(pages[pageAt - 1]),
  nextHit: () => goHit(hitAt + 1),
  previousHit: () => goHit(hitAt - 1),
  properties: () => fold(document.querySelector("[data-ea-properties]")),
};

function field() {
  return document.querySelector("[data-ea-page-field]");
}

function show(number, speak) {
  const page = pages[Math.min(Math.max(number, 1), pages.length) - 1];
  toTop(page);
  setCurrent(Number(page.dataset.eaPage));
  if (speak) announce(sentence(desk, "Page", { num: page.dataset.eaPage, all: pages.length }));
}

// Where the desk scrolls, only the desk: scrollIntoView would move every pane around it as well.
function toTop(page) {
  if (scroller()) desk.scrollTop += page.getBoundingClientRect().top - desk.getBoundingClientRect().top - 12;
  else if (pageAt || page !== pages[0]) page.scrollIntoView({ block: "start" });
}

function intoView(thumb) {
  const pane = thumb.closest("[data-ea-pane]");
  const box = thumb.getBoundingClientRect();
  const frame = pane.getBoundingClientRect();
  if (box.top < frame.top) pane.scrollTop -= frame.top - box.top + 8;
  else if (box.bottom > frame.bottom) pane.scrollTop += box.bottom - frame.bottom + 8;
}

function watchPages() {
  // The page under a line a third down the window is the one being read.
  const seen = new IntersectionObserver((entries) => {
    const entry = entries.find((one) => one.isIntersecting);
    if (entry) setCurrent(Number(entry.target.dataset.eaPage));
  }, { root: scroller(), rootMargin: "-33% 0px -66% 0px" });
  for (const page of pages) seen.observe(page);
}

function scroller() {
  return desk.scrollHeight > desk.clientHeight + 1 ? desk : null;
}

function setCurrent(number) {
  if (number === pageAt) return;
  pageAt = number;
  if (field()) field().value = number;
  for (const thumb of document.querySelectorAll("[data-ea-thumb]")) {
    const mine = Number(thumb.dataset.eaThumb) === number;
    thumb.toggleAttribute("aria-current", mine);
    if (mine) {
      thumb.setAttribute("aria-current", "page");
      intoView(thumb);
    }
  }
  const address = new URL(location);
  address.searchParams.set("s", number);
  address.hash = "";
  history.replaceState(history.state, "", address);
}

function zoom(step) {
  const now = desk.dataset.eaZoom ?? "100";
  setZoom(ZOOM[Math.min(Math.max(ZOOM.indexOf(now) + step, 0), ZOOM.length - 1)]);
}

function setZoom(value) {
  const page = pages[pageAt - 1];
  for (const one of ZOOM) desk.classList.toggle(`ea-zoom-${one}`, one === value);
  if (value) desk.dataset.eaZoom = value;
  else delete desk.dataset.eaZoom;
  document.querySelector("[data-ea-zoom-label]").textContent = value ? `${value} %` : sentence(desk, "Fit");
  if (page) toTop(page);
  announce(value ? sentence(desk, "Zoom", { percent: value }) : sentence(desk, "Fitted"));
}

// A page lies on its side in the box of a sheet that does: the style sheet turns it, from its measures.
function turn(page) {
  const sheet = page.querySelector("img");
  const angle = (Number(page.dataset.eaTurn ?? 0) + 90) % 360;
  page.dataset.eaTurn = angle;
  page.style.setProperty("--ea-w", sheet.getAttribute("width"));
  page.style.setProperty("--ea-h", sheet.getAttribute("height"));
  announce(angle ? sentence(desk, "Turned", { angle }) : sentence(desk, "Upright"));
}

function firstHit() {
  const at = hits.findIndex((hit) => Number(hit.closest("[data-ea-page]").dataset.eaPage) >= pageAt);
  mark(Math.max(at, 0));
}

function goHit(at) {
  if (!hits.length) return;
  mark((at + hits.length) % hits.length);
  hits[hitAt].scrollIntoView({ block: "center", inline: "nearest" });
  const page = hits[hitAt].closest("[data-ea-page]").dataset.eaPage;
  announce(sentence(desk, "HitOnPage", { num: hitAt + 1, all: hits.length, page }));
}

function mark(at) {
  hits[hitAt]?.classList.remove("ea-hit--now");
  hitAt = at;
  hits[hitAt].classList.add("ea-hit--now");
  const label = document.querySelector("[data-ea-hit-label]");
  if (label) label.textContent = sentence(desk, "Hit", { num: hitAt + 1, all: hits.length });
}

function watchTextLayers() {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      layText(entry.target);
    }
  }, { root: scroller(), rootMargin: NEAR });
  for (const layer of desk.querySelectorAll("svg[data-ea-words]")) near.observe(layer);
}

async function layText(layer) {
  const answer = await fetch(layer.dataset.eaWords, { headers: { Accept: "application/json" } });
  // A page without recognised words keeps its image; the text is no part of it.
  if (!answer.ok) return;
  const { width, height, words } = await answer.json();
  const text = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", width: "100%", height: "100%" }))
    text.setAttribute(name, value);
  text.append(...lines(words).map(lineElement));
  layer.append(text);
}

// Words come in reading order; a new line begins where a word goes back to the left or leaves the height of the last one.
export function lines(words) {
  const result = [];
  for (const word of words) {
    const [x0, y0, , y1] = word.box;
    const last = result.at(-1)?.at(-1);
    const middle = (y0 + y1) / 2;
    if (last && x0 >= last.box[0] && middle > last.box[1] && middle < last.box[3]) result.at(-1).push(word);
    else result.push([word]);
  }
  return result;
}

// One text element a line, one tspan a word: so copying gives lines with spaces, and not a line break after each word.
function lineElement(words) {
  const text = document.createElementNS(SVG, "text");
  const top = Math.min(...words.map((word) => word.box[1]));
  const bottom = Math.max(...words.map((word) => word.box[3]));
  text.setAttribute("y", bottom - 0.2 * (bottom - top));
  text.setAttribute("font-size", bottom - top);
  words.forEach((word, index) => {
    const span = document.createElementNS(SVG, "tspan");
    span.setAttribute("x", word.box[0]);
    span.setAttribute("textLength", Math.max(word.box[2] - word.box[0], 1));
    span.setAttribute("lengthAdjust", "spacingAndGlyphs");
    span.textContent = word.text;
    text.append(...(index ? [" ", span] : [span]));
  });
  return text;
}
