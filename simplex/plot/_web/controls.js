// The panel and the pointer: what the reader changes, and when the picture is drawn anew.

let waiting = false, moving = false;

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    ctx.clearRect(0, 0, size.width, size.height);
    if (look.hasse) drawHasse();
    else drawSpace(moving);
  });
}

// --- small pieces of the panel; all text is set as text, so that names are never markup ---

const panel = document.getElementById("panel");

function add(tag, text = "", properties = {}, parent = panel) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text) element.append(text);
  parent.append(element);
  return element;
}

function addCheck(text, checked, change) {
  const label = add("label"), box = add("input", "", { type: "checkbox", checked }, label);
  label.append(` ${text}`);
  box.addEventListener("change", () => { change(box.checked); redraw(); });
  return label;
}

function addRange(min, max, step, value, change) {
  const range = add("input", "", { type: "range", min, max, step, value });
  range.addEventListener("input", () => { change(Number(range.value)); redraw(); });
  return range;
}

function addSelect(names, change) {
  const select = add("select");
  names.forEach((name, i) => add("option", name, { value: i }, select));
  select.addEventListener("change", () => { change(Number(select.value)); redraw(); });
  return select;
}

// --- the panel ---

function buildPanel() {
  add("h1", DATA.title);
  add("div", DATA.summary);
  for (const note of DATA.notes) add("div", note, { className: "note" });
  if (DATA.facets.some(Boolean)) {
    add("h2", "View");
    addSelect([SPATIAL ? "in space" : "in the plane", "Hasse diagram"], (i) => {
      look.hasse = i === 1;
      resetCamera();
    });
  }
  add("h2", "Shown");
  COUNTS.forEach((n, k) => {
    shows[k] = !(DATA.solid && k < 2 && COUNTS[1] > 4000) && !(DATA.solid && k === 0);
    addCheck(`${n.toLocaleString("en")} ${n === 1 ? nounOf(k) : pluralOf(k)}`, shows[k], (on) => { shows[k] = on; });
  });
  addCheck("names", look.names, (on) => { look.names = on; });
  if (TOP > 1) {
    add("div", "opacity of triangles", { className: "quiet" });
    addRange(0.05, 1, 0.05, look.opacity, (x) => { look.opacity = x; });
  }
  if (COCHAINS.length) buildColors();
  if (FILTRATION) buildFiltration();
  add("h2", "Picture");
  add("button", "reset").addEventListener("click", () => { resetCamera(); redraw(); });
  add("button", "save PNG").addEventListener("click", savePicture);
  add("div", `${SPATIAL ? "Drag to turn, with shift to move" : "Drag to move"}, wheel to zoom; rest on a simplex for its name.`,
    { className: "quiet" });
}

function buildColors() {
  add("h2", "Colour");
  const select = addSelect(["plain", ...COCHAINS.map((c) => (c.flow ? `${c.name} →` : c.name))], (i) => show(i ? COCHAINS[i - 1] : null));
  const legend = add("div", "", { id: "legend" });
  const arrows = addCheck("arrows along edges", false, (on) => { look.arrows = on; });
  const show = (cochain) => {
    colorBy(cochain);
    legend.replaceChildren();
    look.arrows = Boolean(cochain && cochain.flow);
    arrows.hidden = !look.arrows;
    arrows.querySelector("input").checked = look.arrows;
    if (cochain) buildLegend(legend, cochain);
  };
  select.value = DATA.first_cochain + 1;
  show(COCHAINS[DATA.first_cochain] ?? null);
}

function buildLegend(legend, { words }) {
  if (words) {
    words.slice(0, 12).forEach((word, i) => {
      const row = add("div", "", { className: "row" }, legend);
      add("span", "", { className: "swatch" }, row).style.background = cssOf(scale.palette[scale.row(i)]);
      row.append(word);
    });
    if (words.length > 12) add("div", `… and ${words.length - 12} more`, { className: "quiet" }, legend);
    return;
  }
  const stops = [0, 0.2, 0.4, 0.5, 0.6, 0.8, 1].map((t) => cssOf(scale.palette[Math.round(t * (STEPS - 1))]));
  add("div", "", { className: "bar" }, legend).style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const ends = add("div", "", { className: "ends" }, legend);
  add("span", written(scale.least), {}, ends);
  add("span", written(scale.most), {}, ends);
  if (spreads()) add("div", "triangles: the mean of their vertices", { className: "quiet" }, legend);
}

/** A slider over the values at which something appears. */
function buildFiltration() {
  const all = new Set(FILTRATION.flatMap((values) => Array.from(values)).filter((x) => !Number.isNaN(x)));
  const values = Float64Array.from(all).sort();
  if (!values.length) return;
  add("h2", "Filtration value");
  const said = add("div"), last = values.length - 1;
  const set = (i) => {
    look.value = values[i];
    const counts = COUNTS.map((n, k) => FILTRATION[k].reduce((t, x) => t + !(x > look.value), 0));
    const euler = counts.reduce((t, n, k) => t + (k % 2 ? -n : n), 0);
    said.textContent = `${written(values[i])}: ${counts.join(" + ")}` + (DATA.whole ? `, χ = ${euler}`.replace("-", "−") : "");
  };
  const range = addRange(0, last, 1, last, set);
  const play = add("button", "play");
  let timer = null;
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "play"; };
  play.addEventListener("click", () => {
    if (timer) return stop();
    let at = Number(range.value) < last ? Number(range.value) : 0;
    play.textContent = "stop";
    timer = setInterval(() => {
      range.value = Math.min(last, Math.ceil(at));
      set(Number(range.value));
      redraw();
      if (at >= last) stop();
      at += Math.max(1, last / 150);
    }, 60);
  });
  set(last);
}

function savePicture() {
  const link = document.createElement("a");
  link.download = "complex.png";
  link.href = canvas.toDataURL("image/png");
  link.click();
}

// --- the pointer ---

const tip = document.getElementById("tip");
const fingers = new Map(); // pointers that are down, by their ids

function point(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function drag(event, [x, y], [lastX, lastY]) {
  moving = true;
  tip.hidden = true;
  hovered = null;
  if (fingers.size === 2) {
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
    zoomAt(far([x, y], other) / far([lastX, lastY], other), (x + other[0]) / 2, (y + other[1]) / 2);
  } else if (SPATIAL && !look.hasse && !event.shiftKey && event.buttons !== 2) {
    turnBy(x - lastX, y - lastY);
  } else {
    camera.shift[0] += x - lastX;
    camera.shift[1] += y - lastY;
  }
  redraw();
}

function hover(event, [x, y]) {
  const found = look.hasse ? pickInHasse(x, y) : pickInSpace(x, y);
  const changed = String(found) !== String(hovered);
  hovered = found;
  tip.hidden = !found;
  if (found) {
    tip.textContent = describe(...found);
    tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8)}px`;
  }
  if (changed) redraw();
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, point(event));
});
canvas.addEventListener("pointermove", (event) => {
  const at = point(event), last = fingers.get(event.pointerId);
  if (!last) return hover(event, at);
  drag(event, at, last);
  fingers.set(event.pointerId, at);
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => {
    fingers.delete(event.pointerId);
    moving = false;
    redraw();
  });
}
canvas.addEventListener("pointerleave", () => { tip.hidden = true; hovered = null; redraw(); });
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("dblclick", () => { resetCamera(); redraw(); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomAt(Math.exp(-event.deltaY / 500), ...point(event));
  redraw();
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] };
  if (moves[event.key]) {
    if (SPATIAL && !look.hasse) turnBy(...moves[event.key]);
    else moves[event.key].forEach((d, i) => { camera.shift[i] += d; });
  } else if (event.key === "+" || event.key === "-") {
    zoomAt(event.key === "+" ? 1.2 : 1 / 1.2, size.width / 2, size.height / 2);
  } else {
    return;
  }
  event.preventDefault();
  redraw();
});
window.addEventListener("resize", () => { fitCanvas(); redraw(); });

resetCamera();
look.opacity = DATA.opacity;
look.names = Boolean(DATA.labels) && COUNTS[0] <= 40;
buildPanel();
fitCanvas();
project();
redraw();
