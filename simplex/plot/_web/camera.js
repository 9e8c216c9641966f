// Where things are seen: vertices turned, moved and scaled onto the canvas.

const canvas = document.getElementById("picture");
const ctx = canvas.getContext("2d");
const camera = { turn: null, zoom: 1, shift: [0, 0] };
let size = { width: 1, height: 1 };
const SEEN = new Float32Array(3 * COUNTS[0]); // x and y in pixels, then the depth, larger is nearer

const product = (A, B) => A.map((row) => B[0].map((_, j) => row.reduce((t, a, i) => t + a * B[i][j], 0)));
const aboutX = (a) => [[1, 0, 0], [0, Math.cos(a), -Math.sin(a)], [0, Math.sin(a), Math.cos(a)]];
const aboutY = (a) => [[Math.cos(a), 0, Math.sin(a)], [0, 1, 0], [-Math.sin(a), 0, Math.cos(a)]];
const aboutZ = (a) => [[Math.cos(a), -Math.sin(a), 0], [Math.sin(a), Math.cos(a), 0], [0, 0, 1]];

function resetCamera() {
  camera.turn = SPATIAL ? product(aboutX(-1.1), aboutZ(-0.5)) : aboutZ(0);
  camera.zoom = 1;
  camera.shift = [0, 0];
}

/** Turn about the vertical and the horizontal of the screen, by pixels. */
function turnBy(dx, dy) {
  camera.turn = product(product(aboutX(dy / 150), aboutY(dx / 150)), camera.turn);
}

/** Zoom so that what is at (x, y) stays there. */
function zoomAt(factor, x, y) {
  const zoom = Math.min(200, Math.max(0.1, camera.zoom * factor));
  const grown = zoom / camera.zoom;
  const centre = [size.width / 2 + camera.shift[0], size.height / 2 + camera.shift[1]];
  camera.shift[0] += (x - centre[0]) * (1 - grown);
  camera.shift[1] += (y - centre[1]) * (1 - grown);
  camera.zoom = zoom;
}

/** See all vertices; positions are within the unit ball. */
function project() {
  const unit = 0.44 * Math.min(size.width, size.height) * camera.zoom;
  const [a, b, c] = camera.turn;
  const middle = [size.width / 2 + camera.shift[0], size.height / 2 + camera.shift[1]];
  const at = DATA.positions, axes = DATA.axes;
  for (let v = 0; v < COUNTS[0]; v++) {
    const x = at[axes * v], y = at[axes * v + 1], z = SPATIAL ? at[axes * v + 2] : 0;
    const depth = c[0] * x + c[1] * y + c[2] * z;
    const nearer = SPATIAL ? (unit * 4) / (4 - depth) : unit;
    SEEN[3 * v] = middle[0] + nearer * (a[0] * x + a[1] * y + a[2] * z);
    SEEN[3 * v + 1] = middle[1] - nearer * (b[0] * x + b[1] * y + b[2] * z);
    SEEN[3 * v + 2] = depth;
  }
}

/** The canvas in the pixels of the screen. */
function fitCanvas() {
  const ratio = window.devicePixelRatio || 1;
  size = { width: canvas.clientWidth, height: canvas.clientHeight };
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
}
