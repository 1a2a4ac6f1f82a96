// The viewer: which page is read, zoom, and the way from hit to hit.
import { alarm, announce, sentence } from "./announce.js";
import { layWords, watchWords } from "./pagewords.js";
import { fold } from "./sash.js";

const ZOOM = ["50", "75", "100", "125", "150", "200", "300", "400"];

let desk, pages, found;
let hit = null;
let pageAt = 0;
let presses = 0;

export function startViewer() {
  document.addEventListener("click", (event) => acts[event.target.closest("[data-ea-act]")?.dataset.eaAct]?.());
  desk = document.querySelector("[data-ea-viewer]");
  if (!desk) return;
  pages = [...desk.querySelectorAll("[data-ea-page]")];
  found = pages.filter((page) => "eaFound" in page.dataset);
  if (!pages.length) return;
  watchPages();
  watchWords(desk, scroller());
  show(Number(desk.dataset.eaViewer) || 1, false);
  firstHit();

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
  nextHit: () => goHit(1),
  previousHit: () => goHit(-1),
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
  const text = document.querySelector("[data-ea-text-link]");
  const there = new URL(text.href);
  there.searchParams.set("s", number);
  there.hash = `text-${number}`;
  text.href = there;
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

// The frames of a page: those that came with it, or with its words.
function frames(page) {
  return [...page.querySelectorAll("[data-ea-match]")];
}

function firstHit() {
  const framed = found.filter((page) => frames(page).length);
  const first = framed.find((page) => Number(page.dataset.eaPage) >= pageAt) ?? framed[0];
  if (!first) return;
  mark(frames(first)[0]);
  // Until a person goes on, the bar says on how many pages there are hits where nobody has counted them.
  if (allFramed()) label(place());
}

// From hit to hit, and on to a page whose frames are not there yet: it is shown, and its first or last hit when they came.
async function goHit(step) {
  const press = ++presses;
  const here = hit ? frames(hit.closest("[data-ea-page]")) : [];
  let next = here[here.indexOf(hit) + step];
  let at = hit ? found.indexOf(hit.closest("[data-ea-page]")) : found.length - Math.max(step, 0);
  while (!next && found.length) {
    at = (at + step + found.length) % found.length;
    const page = found[at];
    const { eaPage } = page.dataset;
    if (!frames(page).length) {
      show(Number(eaPage), false);
      const there = await layWords(page.querySelector("svg"));
      if (press !== presses) return;
      if (!there) {
        alarm(sentence(desk, "HitsLost", { page: eaPage }));
        return;
      }
    }
    next = frames(page).at(step > 0 ? 0 : -1);
    // A word that a page break divides is found where it begins, and has no frame there.
    if (!next) {
      found.splice(at, 1);
      if (step > 0) at -= 1;
    }
  }
  if (!next) return;
  mark(next);
  label(place());
  next.scrollIntoView({ block: "center", inline: "nearest" });
  announce(place("HitOnPage"));
}

function mark(next) {
  hit?.classList.remove("ea-hit--now");
  hit = next;
  hit.classList.add("ea-hit--now");
}

function allFramed() {
  return found.every((page) => frames(page).length);
}

// Which hit this is, or on which page, as long as not all are counted.
function place(counted = "Hit") {
  const page = hit.closest("[data-ea-page]");
  const number = page.dataset.eaPage;
  const all = frames(desk);
  if (allFramed()) return sentence(desk, counted, { num: all.indexOf(hit) + 1, all: all.length, page: number });
  return sentence(desk, "PageWithHits", { page: number, num: found.indexOf(page) + 1, all: found.length });
}

function label(text) {
  const bar = document.querySelector("[data-ea-hit-label]");
  if (bar) bar.textContent = text;
}
