// The two live regions exist from the start of every page; one sentence an act.
export function announce(text) {
  say("ansage", text);
}

// Failures are spoken at once, and seen: the region is the alert line under the page head.
export function alarm(text) {
  say("fehler", text);
}

// What a script says stands on the page, in its language: in data-ea-say-… of the part that the script works on. Where
// it says another thing of one (of one in all, where it says how many there are), that stands in data-ea-say-…-one.
export function sentence(element, name, values = {}) {
  const one = (values.all ?? values.num) === 1 && element.dataset[`eaSay${name}One`];
  return (one || element.dataset[`eaSay${name}`]).replace(/%\((\w+)\)s/g, (_place, key) => values[key]);
}

function say(id, text) {
  const region = document.getElementById(id);
  if (!region) return;
  region.textContent = "";
  // A changed text is spoken; the same text set twice at once is not.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
