// The words of a page laid over its image: text that can be selected, and frames around the words of the question.
const SVG = "http://www.w3.org/2000/svg";
const NEAR = "800px 0px";

const laid = new Map();

// The words of a page come when a person comes near it.
export function watchWords(desk, root) {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      layWords(entry.target);
    }
  }, { root, rootMargin: NEAR });
  for (const layer of desk.querySelectorAll("svg[data-ea-words]")) near.observe(layer);
}

// Whether they are there. Whoever waits for the words of a page waits for the same answer; one that failed is asked again.
export function layWords(layer) {
  if (!laid.has(layer)) {
    const asked = lay(layer).catch(() => false);
    laid.set(layer, asked);
    asked.then((there) => there || laid.delete(layer));
  }
  return laid.get(layer);
}

async function lay(layer) {
  const answer = await fetch(layer.dataset.eaWords, { headers: { Accept: "application/json" } });
  // A page without recognised words keeps its image; the text is no part of it.
  if (!answer.ok) return false;
  const { width, height, words, hits } = await answer.json();
  const text = element("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", width: "100%", height: "100%" });
  text.append(...lines(words).map(lineElement));
  layer.append(...hits.map(frame), text);
  return true;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function frame({ x, y, width, height }) {
  const made = element("rect", { class: "ea-hit", x, y, width, height });
  made.dataset.eaMatch = "";
  return made;
}

// Words come in reading order; a new line begins where a word goes back to the left or leaves the height of the last one.
function lines(words) {
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
  const top = Math.min(...words.map((word) => word.box[1]));
  const bottom = Math.max(...words.map((word) => word.box[3]));
  const text = element("text", { y: bottom - 0.2 * (bottom - top), "font-size": bottom - top });
  words.forEach((word, index) => {
    const textLength = Math.max(word.box[2] - word.box[0], 1);
    const span = element("tspan", { x: word.box[0], textLength, lengthAdjust: "spacingAndGlyphs" });
    span.textContent = word.text;
    text.append(...(index ? [" ", span] : [span]));
  });
  return text;
}
