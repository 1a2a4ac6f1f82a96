// The filing plan as one tab stop: arrows move, → opens or goes in, ← closes or goes up, digits jump to a plan number.
import { announce, sentence } from "./announce.js";

const JUMP_MS = 1200;

export function startTree() {
  document.addEventListener("htmx:afterSettle", (event) => event.target.id === "planbaum" && filtered(event.target));
  for (const tree of document.querySelectorAll("[data-ea-tree]")) {
    rove(tree, tree.querySelector("[aria-current]") ?? tree.querySelector("a"));
    tree.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    tree.addEventListener("focusin", (event) => event.target.matches("a") && rove(tree, event.target));
    tree.addEventListener("keydown", (event) => onKey(tree, event));
  }
}

// What the letters left of the plan is one tab stop again, and its number is said.
function filtered(list) {
  const first = list.querySelector("a");
  if (first) rove(list, first);
  if (list.dataset.eaFound) announce(sentence(list, "Found"));
}

function links(tree) {
  return [...tree.querySelectorAll("a")].filter((link) => link.checkVisibility());
}

function rove(tree, chosen) {
  for (const link of tree.querySelectorAll("a")) link.tabIndex = link === chosen ? 0 : -1;
}

function onKey(tree, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const all = links(tree);
  const at = all.indexOf(document.activeElement);
  const link = all[at];
  if (!link) {
    if (event.key === "ArrowDown") all[0]?.focus();
    return;
  }
  const keys = { ArrowDown: () => all[at + 1]?.focus(), ArrowUp: () => all[at - 1]?.focus(), Home: () => all[0].focus(), End: () => all.at(-1).focus(), ArrowRight: () => goIn(link), ArrowLeft: () => goOut(link) };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  } else if (/^[0-9.]$/.test(event.key) && document.documentElement.dataset.eaKeys !== "off") {
    event.preventDefault();
    jump(all, event.key);
  }
}

let typed = "";
let typedAt = 0;
function jump(all, key) {
  typed = Date.now() - typedAt < JUMP_MS ? typed + key : key;
  typedAt = Date.now();
  all.find((link) => link.dataset.number?.startsWith(typed))?.focus();
}

async function goIn(link) {
  const item = link.parentElement;
  let children = item.querySelector(":scope > ul");
  if (link.getAttribute("aria-expanded") === "false") {
    if (!children) children = await load(link, item);
    if (!children) return;
    expand(link, children, true);
  } else children?.querySelector("a")?.focus();
}

function goOut(link) {
  const children = link.parentElement.querySelector(":scope > ul");
  if (link.getAttribute("aria-expanded") === "true" && children) expand(link, children, false);
  else link.parentElement.parentElement.closest("li")?.querySelector("a").focus();
}

function expand(link, children, open) {
  children.hidden = !open;
  link.setAttribute("aria-expanded", String(open));
  const use = link.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, open ? "#keyboard_arrow_down" : "#chevron_right"));
}

// The server sends the children of one class as the same list that the whole page would show.
async function load(link, item) {
  item.setAttribute("aria-busy", "true");
  try {
    const address = new URL(link.href);
    address.searchParams.set("teil", "kinder");
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
    if (!answer.ok || !list) return null;
    for (const child of list.querySelectorAll("a")) child.tabIndex = -1;
    item.append(list);
    return list;
  } finally {
    item.removeAttribute("aria-busy");
  }
}
