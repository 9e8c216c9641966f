// The Hasse view: a row for each dimension, a line from each simplex to its facets.

const MOST_LINES = 30000; // more are drawn for the simplex under the pointer alone

// Where simplices stand in their row, in 0 … 1: sorted by the middle of their vertices.
const PLACES = COUNTS.map((n, k) => {
  const middle = (s) => verticesOf(k, s).reduce((t, v) => t + DATA.positions[DATA.axes * v], 0);
  const keys = Float32Array.from({ length: n }, (_, s) => middle(s));
  const places = new Float32Array(n);
  Uint32Array.from({ length: n }, (_, s) => s).sort((s, t) => keys[s] - keys[t])
    .forEach((s, rank) => { places[s] = (rank + 0.5) / n; });
  return places;
});

function seenInHasse(k, s) {
  const width = 0.92 * size.width * camera.zoom, height = 0.8 * size.height * camera.zoom;
  return [
    size.width / 2 + camera.shift[0] + (PLACES[k][s] - 0.5) * width,
    size.height / 2 + camera.shift[1] + (0.5 - (TOP ? k / TOP : 0.5)) * height,
  ];
}

const dotRadius = (k) => Math.max(1, Math.min(6, (0.4 * size.width * camera.zoom) / COUNTS[k]));

/** Call for each pair of a k-simplex and a facet that are both shown. */
function forEachLine(k, call) {
  for (let s = 0; s < COUNTS[k]; s++) {
    if (!isShown(k, s)) continue;
    for (let i = s * (k + 1); i < (s + 1) * (k + 1); i++) {
      if (isShown(k - 1, FACETS[k][i])) call(s, FACETS[k][i]);
    }
  }
}

function line(k, s, t) {
  ctx.moveTo(...seenInHasse(k, s));
  ctx.lineTo(...seenInHasse(k - 1, t));
}

function drawHasse() {
  const total = COUNTS.reduce((sum, n, k) => sum + (k ? n * (k + 1) : 0), 0);
  ctx.globalAlpha = Math.max(0.08, Math.min(0.6, 300 / total));
  ctx.strokeStyle = "#555";
  ctx.lineWidth = 1;
  ctx.beginPath();
  if (total <= MOST_LINES) for (let k = 1; k <= TOP; k++) forEachLine(k, (s, t) => line(k, s, t));
  ctx.stroke();
  if (hovered) {
    const [k, s] = hovered;
    ctx.globalAlpha = 1;
    ctx.strokeStyle = HIGHLIGHT;
    ctx.lineWidth = 2;
    ctx.beginPath();
    if (k > 0) forEachLine(k, (u, t) => { if (u === s) line(k, u, t); });
    if (k < TOP) forEachLine(k + 1, (u, t) => { if (t === s) line(k + 1, u, t); });
    ctx.stroke();
  }
  for (let k = 0; k <= TOP; k++) {
    for (let s = 0; s < COUNTS[k]; s++) {
      if (!isShown(k, s)) continue;
      ctx.globalAlpha = 1;
      ctx.fillStyle = hovered && hovered[0] === k && hovered[1] === s ? HIGHLIGHT : cssOf(rgbOfSimplex(k, s));
      ctx.beginPath();
      ctx.arc(...seenInHasse(k, s), dotRadius(k), 0, 2 * Math.PI);
      ctx.fill();
    }
    if (look.names) drawHasseNames(k);
  }
  ctx.globalAlpha = 1;
  ctx.fillStyle = "#777";
  ctx.font = "12px system-ui, sans-serif";
  for (let k = 0; k <= TOP; k++) if (COUNTS[k]) ctx.fillText(pluralOf(k), 8, seenInHasse(k, 0)[1] - 12);
}

/** Names below the dots of a row, from the left, where there is room. */
function drawHasseNames(k) {
  let free = -Infinity;
  ctx.fillStyle = "#111";
  ctx.font = "11px system-ui, sans-serif";
  const order = Array.from({ length: COUNTS[k] }, (_, s) => s).filter((s) => isShown(k, s));
  for (const s of order.sort((s, t) => PLACES[k][s] - PLACES[k][t])) {
    const name = nameOf(k, s).slice(0, 40), [x, y] = seenInHasse(k, s), wide = ctx.measureText(name).width;
    if (x - wide / 2 < free) continue;
    ctx.fillText(name, x - wide / 2, y + dotRadius(k) + 12);
    free = x + wide / 2 + 6;
  }
}

function pickInHasse(x, y) {
  let found = null, best = 12;
  for (let k = 0; k <= TOP; k++) {
    for (let s = 0; s < COUNTS[k]; s++) {
      const [px, py] = seenInHasse(k, s), far = Math.hypot(px - x, py - y);
      if (far < best && isShown(k, s)) { best = far; found = [k, s]; }
    }
  }
  return found;
}
