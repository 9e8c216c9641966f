// The view in the plane or in space: triangles, edges and vertices, the farthest first.

const MOST_WHILE_MOVING = 8000; // simplices; the others come when the hand rests
const shows = COUNTS.map(() => true); // which dimensions are switched on
const look = { value: Infinity, opacity: 1, names: false, arrows: false, hasse: false };
let hovered = null; // [k, s]

/** Whether the simplex is there at the filtration value. */
const isBorn = (k, s) => !FILTRATION || !(FILTRATION[k][s] > look.value);
const isShown = (k, s) => shows[k] && isBorn(k, s);

function meanDepth(k, s) {
  let sum = 0;
  for (let i = s * (k + 1); i < (s + 1) * (k + 1); i++) sum += SEEN[3 * SIMPLICES[k][i] + 2];
  return sum / (k + 1);
}

/** What is drawn as [k, s] pairs in one array, the farthest first; edges lie on their triangles. */
function itemsInOrder(coarse) {
  const items = [];
  for (let k = Math.min(2, TOP); k >= 0; k--) {
    const step = coarse ? Math.ceil(COUNTS[k] / MOST_WHILE_MOVING) : 1;
    for (let s = 0; s < COUNTS[k]; s += step) if (isShown(k, s)) items.push([k, s]);
  }
  if (!SPATIAL) return items;
  const keys = new Float32Array(items.length), order = new Uint32Array(items.length);
  items.forEach(([k, s], i) => { keys[i] = meanDepth(k, s) + 0.004 * (2 - k); order[i] = i; });
  order.sort((i, j) => keys[i] - keys[j]);
  return Array.from(order, (i) => items[i]);
}

/** How bright a triangle is by its angle to the light; 1 where nothing is solid. */
function brightness(s) {
  if (!DATA.solid) return 1;
  const [a, b, c] = verticesOf(2, s), m = camera.turn, at = DATA.positions;
  const side = (p, q) => [0, 1, 2].map((i) => m[i].reduce((t, w, j) => t + w * (at[3 * q + j] - at[3 * p + j]), 0));
  const u = side(a, b), v = side(a, c);
  const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const light = [0.35, 0.5, 0.79];
  const lit = Math.abs(n[0] * light[0] + n[1] * light[1] + n[2] * light[2]) / (Math.hypot(...n) || 1);
  return 0.5 + 0.5 * lit;
}

function pathOf(k, s) {
  ctx.beginPath();
  verticesOf(k, s).forEach((v, i) => (i ? ctx.lineTo : ctx.moveTo).call(ctx, SEEN[3 * v], SEEN[3 * v + 1]));
}

const faded = (k, s) => (SPATIAL && !DATA.solid ? 0.35 + 0.65 * Math.min(1, Math.max(0, (meanDepth(k, s) + 1) / 2)) : 1);

function drawTriangle(s) {
  const light = brightness(s);
  const color = cssOf(rgbOfSimplex(2, s).map((c) => c * light));
  pathOf(2, s);
  ctx.globalAlpha = look.opacity;
  ctx.fillStyle = color;
  ctx.fill();
  if (look.opacity === 1) { // no gaps between neighbours
    ctx.lineWidth = 0.7;
    ctx.strokeStyle = color;
    ctx.stroke();
  }
}

const hasValues = (k) => Boolean(paint && paint.values[k]);

function drawEdge(s) {
  pathOf(1, s);
  ctx.globalAlpha = (hasValues(1) ? 0.95 : DATA.solid ? 0.4 : 0.7) * faded(1, s);
  ctx.strokeStyle = cssOf(rgbOfSimplex(1, s));
  ctx.lineWidth = hasValues(1) ? 2.2 : COUNTS[1] > 3000 ? 0.5 : 1;
  ctx.stroke();
  if (look.arrows && hasValues(1)) drawArrow(s, paint.values[1][s]);
}

/** An arrow in the middle of an edge, the way that its value runs. */
function drawArrow(s, value) {
  if (!(Math.abs(value) > 0)) return;
  const forward = (value > 0) !== Boolean(DATA.turned && DATA.turned[s]);
  const [u, v] = forward ? verticesOf(1, s) : verticesOf(1, s).slice().reverse();
  const x = SEEN[3 * v] - SEEN[3 * u], y = SEEN[3 * v + 1] - SEEN[3 * u + 1];
  const long = Math.hypot(x, y) || 1, half = Math.min(7, long / 3);
  const [ex, ey] = [(x / long) * half, (y / long) * half];
  const mx = (SEEN[3 * u] + SEEN[3 * v]) / 2, my = (SEEN[3 * u + 1] + SEEN[3 * v + 1]) / 2;
  ctx.beginPath();
  ctx.moveTo(mx + ex, my + ey);
  ctx.lineTo(mx - ex - 0.6 * ey, my - ey + 0.6 * ex);
  ctx.lineTo(mx - ex + 0.6 * ey, my - ey - 0.6 * ex);
  ctx.fillStyle = ctx.strokeStyle;
  ctx.fill();
}

const vertexRadius = () => (COUNTS[0] > 5000 ? 1 : COUNTS[0] > 300 ? 2 : 4) * (hasValues(0) ? 1.25 : 1);

function drawVertex(v) {
  ctx.beginPath();
  ctx.arc(SEEN[3 * v], SEEN[3 * v + 1], vertexRadius(), 0, 2 * Math.PI);
  ctx.globalAlpha = faded(0, v);
  ctx.fillStyle = cssOf(rgbOfSimplex(0, v));
  ctx.fill();
}

/** Names of vertices, the nearest first, where they cover no other name. */
function drawNames() {
  const kept = [];
  ctx.globalAlpha = 1;
  ctx.font = "12px system-ui, sans-serif";
  ctx.lineJoin = "round";
  const order = Array.from({ length: COUNTS[0] }, (_, v) => v).filter((v) => isBorn(0, v));
  if (SPATIAL) order.sort((u, v) => SEEN[3 * v + 2] - SEEN[3 * u + 2]);
  for (const v of order) {
    if (kept.length > 400) break;
    const name = vertexName(v).slice(0, 40);
    const left = SEEN[3 * v] + 6, top = SEEN[3 * v + 1] - 4;
    const box = [left, top - 12, left + ctx.measureText(name).width, top + 2];
    const covered = kept.some((b) => b[0] < box[2] && box[0] < b[2] && b[1] < box[3] && box[1] < b[3]);
    if (covered || box[2] < 0 || box[0] > size.width || box[3] < 0 || box[1] > size.height) continue;
    kept.push(box);
    ctx.lineWidth = 3;
    ctx.strokeStyle = "#fffc";
    ctx.strokeText(name, left, top);
    ctx.fillStyle = "#111";
    ctx.fillText(name, left, top);
  }
}

function drawHovered() {
  if (!hovered) return;
  const [k, s] = hovered, corners = verticesOf(k, s);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = ctx.fillStyle = HIGHLIGHT;
  ctx.lineWidth = 3;
  if (k === 0) {
    ctx.beginPath();
    ctx.arc(SEEN[3 * s], SEEN[3 * s + 1], vertexRadius() + 3, 0, 2 * Math.PI);
    ctx.fill();
    return;
  }
  ctx.beginPath();
  for (const u of corners) {
    for (const v of corners) {
      if (u < v) { ctx.moveTo(SEEN[3 * u], SEEN[3 * u + 1]); ctx.lineTo(SEEN[3 * v], SEEN[3 * v + 1]); }
    }
  }
  ctx.stroke();
}

function drawSpace(coarse) {
  project();
  for (const [k, s] of itemsInOrder(coarse)) {
    if (k === 2) drawTriangle(s);
    else if (k === 1) drawEdge(s);
    else drawVertex(s);
  }
  if (look.names) drawNames();
  drawHovered();
}

/** The simplex at a point of the canvas: a vertex, else an edge, else the nearest triangle. */
function pickInSpace(x, y) {
  let found = null, best = 9;
  for (let v = 0; v < COUNTS[0]; v++) {
    const far = Math.hypot(SEEN[3 * v] - x, SEEN[3 * v + 1] - y);
    if (far < best && isShown(0, v)) { best = far; found = [0, v]; }
  }
  if (found) return found;
  best = 5;
  for (let s = 0; TOP > 0 && s < COUNTS[1]; s++) {
    const far = isShown(1, s) ? distanceToEdge(s, x, y) : Infinity;
    if (far < best) { best = far; found = [1, s]; }
  }
  if (found && !DATA.solid) return found;
  let nearest = found ? meanDepth(1, found[1]) : -Infinity;
  for (let s = 0; TOP > 1 && s < COUNTS[2]; s++) {
    const depth = isShown(2, s) && contains(s, x, y) ? meanDepth(2, s) : -Infinity;
    if (depth > nearest + (found && found[0] === 1 ? 0.1 : 0)) { nearest = depth; found = [2, s]; }
  }
  return found;
}

function distanceToEdge(s, x, y) {
  const [u, v] = verticesOf(1, s);
  const ux = SEEN[3 * u], uy = SEEN[3 * u + 1], dx = SEEN[3 * v] - ux, dy = SEEN[3 * v + 1] - uy;
  const along = Math.min(1, Math.max(0, ((x - ux) * dx + (y - uy) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(ux + along * dx - x, uy + along * dy - y);
}

function contains(s, x, y) {
  const corners = verticesOf(2, s);
  const turns = [0, 1, 2].map((i) => {
    const p = corners[i], q = corners[(i + 1) % 3];
    return Math.sign((SEEN[3 * q] - SEEN[3 * p]) * (y - SEEN[3 * p + 1]) - (SEEN[3 * q + 1] - SEEN[3 * p + 1]) * (x - SEEN[3 * p]));
  });
  return turns.every((t) => t >= 0) || turns.every((t) => t <= 0);
}
