// What every page loads. Nothing here is needed to do the work: without script the pages are links and forms.
import { alarm, announce, sentence } from "./announce.js";
import { startDialogs } from "./dialogs.js";
import { startKeys } from "./keys.js";

const root = document.documentElement;
root.classList.add("ea-js");

startDialogs();
startKeys(root.dataset.eaKeys !== "off");

// A page that answers with errors opens on the summary, so that it is heard first.
document.querySelector("[data-ea-errors]")?.focus();

// On a narrow screen a field with the cursor in it would scroll what it is about out of sight.
const field = document.querySelector("[data-ea-wide-focus]");
if (field && matchMedia("(max-width: 48rem)").matches) {
  field.blur();
  scrollTo(0, 0);
}

// On a narrow screen the list comes first: its filters fold, one press away.
if (document.querySelector(".ea-filters")) {
  const narrow = matchMedia("(max-width: 48rem)");
  const fold = () => {
    for (const filters of document.querySelectorAll(".ea-filters")) filters.open = !narrow.matches || Boolean(filters.querySelector("[data-ea-errors]"));
  };
  narrow.addEventListener("change", fold);
  document.addEventListener("htmx:afterSettle", fold);
  fold();
}

// Where the views of an object do not fit side by side, the present one is among those that are seen.
const presentView = document.querySelector(".ea-views [aria-current]");
const intoSight = () => presentView?.scrollIntoView({ block: "nearest", inline: "nearest" });
addEventListener("resize", intoSight);
intoSight();

// What a page does not show is not loaded.
const parts = [];
if (document.querySelector("[data-ea-tree]")) parts.push(import("./tree.js").then((module) => module.startTree()));
if (document.querySelector("[data-ea-drop]")) parts.push(import("./upload.js").then((module) => module.startUploads()));
if (document.querySelector("[data-ea-bulk]")) parts.push(import("./selection.js").then((module) => module.startSelection()));
if (document.querySelector("[data-ea-properties]")) parts.push(import("./viewer.js").then((module) => module.startViewer()));
if (document.querySelector("[data-ea-sash]")) parts.push(import("./sash.js").then((module) => module.startSashes()));
if (document.querySelector("[data-ea-moves]")) parts.push(import("./moving.js").then((module) => module.startMoving()));
if (document.querySelector("[data-ea-hits]")) parts.push(import("./hits.js").then((module) => module.startHits()));
if (document.querySelector("[data-ea-reveal]")) parts.push(import("./passwords.js").then((module) => module.startReveal()));
Promise.all(parts).then(() => {
  root.dataset.eaReady = "true";
});

// What failed stays to be read until the next act.
document.addEventListener("click", () => {
  document.getElementById("fehler").textContent = "";
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-ea-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.eaCopy);
  announce(sentence(document.body, "Copied"));
});

// Where a swap took the focused element away, what came in its place says where the focus goes on.
document.addEventListener("htmx:afterSettle", (event) => {
  if (document.activeElement === document.body) event.target.querySelector?.("[data-ea-refocus]")?.focus();
});

// What a search found while letters are typed is said when they rest.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.target.matches?.("[data-ea-said]")) return;
  const found = event.target.querySelectorAll("input[type=radio]").length;
  announce(found ? sentence(event.target, "Found", { num: found }) : event.target.querySelector("p").textContent.trim());
});

// htmx: what a partial request could not do is said once, and what was typed stays where it is.
document.addEventListener("htmx:sendError", () => alarm(sentence(document.body, "Offline")));
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) location.assign(`/anmelden?weiter=${encodeURIComponent(location.pathname + location.search)}`);
  else if (status !== 286) alarm(sentence(document.body, "Failed"));
});
