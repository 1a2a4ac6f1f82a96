// Filing by drop, paste or choice: every file goes on its own, with its progress and its outcome in one line.
import { alarm, announce, sentence } from "./announce.js";

const waiting = [];
let current = null;
let filed = 0;
let total = 0;

export function startUploads() {
  const zone = document.querySelector("[data-ea-drop]");
  let depth = 0;
  zone.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    zone.classList.add("ea-dropping");
  });
  zone.addEventListener("dragleave", () => {
    depth = Math.max(depth - 1, 0);
    if (!depth) zone.classList.remove("ea-dropping");
  });
  zone.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  zone.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    zone.classList.remove("ea-dropping");
    add(zone, event.dataTransfer.files, event.target.closest("[data-ea-case]") ?? focusedCase());
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) add(zone, event.clipboardData.files, focusedCase());
  });
  for (const input of document.querySelectorAll("[data-ea-files]"))
    input.addEventListener("change", () => {
      add(zone, input.files, focusedCase());
      input.value = "";
    });
  addEventListener("beforeunload", (event) => {
    if (current || waiting.length) event.preventDefault();
  });
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function focusedCase() {
  return document.activeElement?.closest("[data-ea-case]") ?? null;
}

function add(zone, files, target) {
  const panel = document.querySelector("[data-ea-uploads]");
  panel.hidden = false;
  for (const file of files) {
    total += 1;
    waiting.push(line(panel, zone, file, target));
  }
  announce(files.length === 1 ? said("One", { name: files[0].name }) : said("Many", { num: files.length }));
  next();
}

function line(panel, zone, file, target) {
  const item = document.getElementById("ea-upload-line").content.firstElementChild.cloneNode(true);
  item.querySelector("[data-name]").textContent = file.name;
  item.querySelector("progress").setAttribute("aria-label", said("Progress", { name: file.name }));
  panel.querySelector("ol").append(item);
  const place = target?.dataset.eaCaseTitle ?? said("Loose");
  return { item, file, place, case: target?.dataset.eaCase || null, dossier: zone.dataset.eaDrop, key: randomKey() };
}

// One after the other: the order of filing is the order of the files.
function next() {
  if (current || !waiting.length) return;
  current = waiting.shift();
  const job = current;
  send(job).then((outcome) => {
    current = null;
    finish(job, outcome);
    if (waiting.length) next();
    else refresh();
  });
}

function send(job) {
  return new Promise((resolve) => {
    const form = new FormData();
    const metadata = job.case ? { case: job.case } : { dossier: job.dossier };
    // The service reads what it is about before the bytes come: metadata is the first part.
    form.append("metadata", JSON.stringify({ ...metadata, kind: "incoming" }));
    form.append("file", job.file, job.file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/documents");
    request.setRequestHeader("X-CSRF-Token", document.querySelector('meta[name="csrf-token"]').content);
    request.setRequestHeader("Idempotency-Key", job.key);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => progress(job, event));
    request.addEventListener("load", () => resolve({ status: request.status, body: parse(request.responseText) }));
    request.addEventListener("error", () => resolve({ status: 0, body: {} }));
    request.send(form);
  });
}

function progress(job, event) {
  if (!event.lengthComputable || !event.total) return;
  const percent = Math.floor((100 * event.loaded) / event.total);
  job.item.querySelector("progress").value = percent;
  job.item.querySelector("[data-outcome]").textContent = said("Sent", { percent, done: megabytes(event.loaded), all: megabytes(event.total) });
}

function finish(job, { status, body }) {
  const outcome = job.item.querySelector("[data-outcome]");
  outcome.textContent = "";
  if (status === 200 || status === 201) {
    filed += 1;
    mark(job, "#check_circle-fill", "ea-i--ok");
    job.item.querySelector("progress").value = 100;
    outcome.append(`${said("Filed", { place: job.place })} · `, link(`/dokumente/${body.id}`, said("Open")));
  } else {
    mark(job, "#warning-fill", "ea-i--look");
    job.item.querySelector("progress").value = 0;
    const reason = reasonFor(status, body);
    outcome.append(`${reason} · `, retryButton(job));
    alarm(`${job.file.name}: ${reason}`);
  }
  document.querySelector("[data-ea-uploads-count]").textContent = said("Count", { num: filed, all: total });
}

function reasonFor(status, body) {
  if (status === 0) return said("Offline");
  if (status === 401) return said("SignedOut");
  const reason = body.detail || body.title;
  return reason ? said("Refused", { reason }) : said("Unexplained");
}

function retryButton(job) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "kern-btn kern-btn--tertiary";
  button.textContent = said("Again");
  button.addEventListener("click", () => {
    mark(job, "#sync", "");
    job.item.querySelector("[data-outcome]").textContent = said("Waiting");
    waiting.push(job);
    next();
  });
  return button;
}

function mark(job, icon, kind) {
  const svg = job.item.querySelector("svg");
  svg.setAttribute("class", `ea-i ${kind}`);
  const use = svg.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, icon));
}

// The list below shows what is filed; the lines above stay until the page is left.
function refresh() {
  announce(said("Done", { num: filed, all: total }));
  if (filed && window.htmx && document.getElementById("vorgaenge"))
    window.htmx.ajax("GET", location.href, { target: "#vorgaenge", select: "#vorgaenge", selectOOB: "#anzahl", swap: "outerHTML" });
}

function said(name, values) {
  return sentence(document.querySelector("[data-ea-uploads]"), name, values);
}

function link(href, text) {
  const element = document.createElement("a");
  element.href = href;
  element.textContent = text;
  return element;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function megabytes(bytes) {
  return (bytes / 1e6).toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

// crypto.randomUUID exists over TLS and on localhost only; the key need not be a UUID, only unguessed and unrepeated.
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
