// Draws what a perception node publishes, as the view command passes it on (Foxglove's WebSocket protocol).

const OF_NODE = ["classification", "label_info"];
const OF_SKIN = ["contacts", "contact_map", "overlay"];
const MESSAGE_DATA = 1; // first byte of a binary message; then subscription (4), time (8), contents
const CONTENTS = 13;
const RETRY_MS = 1000;
const HOUR_MS = 3600e3;

const element = (id) => document.getElementById(id);
const channels = new Map(); // topic -> channel
const subscriptions = new Map(); // number -> topic
const names = new Map(); // class id -> name
let socket = null, wish = "", owner = "", nextSubscription = 1, drawn = 0, times = [], askedNames = 0;

async function connect() {
  try {
    const { socket_port: port } = await (await fetch("connection.json")).json();
    socket = new WebSocket(`ws://${location.hostname}:${port}`, ["foxglove.sdk.v1"]);
  } catch {
    setTimeout(connect, RETRY_MS);
    return;
  }
  socket.binaryType = "arraybuffer";
  socket.onopen = () => connected(true);
  socket.onclose = () => { connected(false); setTimeout(connect, RETRY_MS); };
  socket.onmessage = ({ data }) => (typeof data === "string" ? onText(JSON.parse(data)) : onBinary(data));
}

function connected(yes) {
  channels.clear();
  subscriptions.clear();
  element("connection").textContent = yes ? "connected" : "not connected";
  element("connection").className = yes ? "good" : "bad";
}

function onText(message) {
  if (message.op === "advertise") {
    for (const channel of message.channels) channels.set(channel.topic, channel);
    listOwners();
  } else if (message.op === "unadvertise") {
    for (const [topic, { id }] of channels) if (message.channelIds.includes(id)) channels.delete(topic);
    listOwners();
  }
}

function listOwners() {
  const ending = "/classification";
  const owners = [...channels.keys()].filter((t) => t.endsWith(ending)).map((t) => t.slice(0, -ending.length)).sort();
  element("owner").replaceChildren(...owners.map((name) => new Option(name, name)));
  show(owners.includes(wish) ? wish : owners[0] ?? "");
}

// A hand has no skin of its own: the overlays of its patches are shown.
function skins() {
  const ending = "/overlay";
  const all = [...channels.keys()].filter((t) => t.endsWith(ending)).map((t) => t.slice(0, -ending.length)).sort();
  return all.includes(owner) ? [owner] : all.filter((name) => name.startsWith(`${owner}/`));
}

function choose(name) {
  wish = name;
  show(name);
}

function show(name) {
  if (name !== owner) forget();
  askedNames = performance.now();
  owner = name;
  element("owner").value = owner;
  const shown = skins();
  document.body.className = shown.includes(owner) ? "" : "hand";
  const had = new Map([...element("overlays").children].map((figure) => [figure.id, figure]));
  element("overlays").replaceChildren(...shown.map((name) => had.get(`${name}/overlay`) ?? figureOf(name)));
  subscribe(shown);
}

function forget() {
  names.clear();
  element("texture").textContent = "no frame yet";
  for (const id of ["classes", "contacts"]) element(id).replaceChildren();
  for (const id of ["frame", "age", "diagnostics"]) element(id).textContent = "-";
  element("contact_map").width = element("contact_map").width; // clears it
}

function figureOf(name) {
  const figure = document.createElement("figure");
  figure.id = `${name}/overlay`;
  figure.onclick = () => choose(name);
  figure.appendChild(document.createElement("figcaption")).textContent = name.slice(name.lastIndexOf("/") + 1);
  Object.assign(figure.appendChild(document.createElement("canvas")), { width: 640, height: 412 });
  return figure;
}

function subscribe(shown) {
  const own = shown.includes(owner) ? [...OF_NODE, ...OF_SKIN] : OF_NODE;
  const pictures = shown.map((name) => `${name}/overlay`);
  const wanted = new Set([...own.map((name) => `${owner}/${name}`), ...pictures, "/diagnostics"]);
  const had = [...subscriptions].filter(([, topic]) => !wanted.has(topic)).map(([number]) => number);
  for (const number of had) subscriptions.delete(number);
  const held = new Set(subscriptions.values());
  const added = [];
  for (const topic of wanted) {
    if (held.has(topic) || !channels.has(topic)) continue;
    subscriptions.set(nextSubscription, topic);
    added.push({ id: nextSubscription++, channelId: channels.get(topic).id });
  }
  if (had.length) socket.send(JSON.stringify({ op: "unsubscribe", subscriptionIds: had }));
  if (added.length) socket.send(JSON.stringify({ op: "subscribe", subscriptions: added }));
}

// The names of the classes are sent once, and of what a slow page does not take the oldest is lost.
function askNamesAgain() {
  const now = performance.now();
  const [number] = [...subscriptions].find(([, topic]) => topic === `${owner}/label_info`) ?? [];
  if (number === undefined || now - askedNames < RETRY_MS) return;
  askedNames = now;
  subscriptions.delete(number);
  socket.send(JSON.stringify({ op: "unsubscribe", subscriptionIds: [number] }));
  subscribe(skins());
}

element("owner").onchange = () => choose(element("owner").value);

function onBinary(buffer) {
  const view = new DataView(buffer);
  const topic = subscriptions.get(view.getUint32(1, true));
  if (view.getUint8(0) !== MESSAGE_DATA || topic === undefined) return;
  const name = topic.slice(topic.lastIndexOf("/") + 1);
  SHOWN[name](readMessage(name, buffer, CONTENTS), topic);
}

const nameOf = (id) => names.get(id) ?? id;

// Stamps of simulated time, or of another machine's clock, tell no age.
function ageOf(stamp) {
  const age = Date.now() - stamp * 1000;
  return Math.abs(age) < HOUR_MS ? `${age.toFixed(0)} ms` : "stamped by another clock";
}

const SHOWN = {
  label_info({ classes }) {
    for (const [id, name] of classes) names.set(String(id), name);
  },

  classification({ stamp, frame, results }) {
    const [best] = results;
    if (best && !names.has(best.id)) askNamesAgain();
    element("texture").textContent = best ? `${nameOf(best.id)} ${best.score.toFixed(2)}` : "no contact";
    element("classes").replaceChildren(...results.map(bar));
    element("frame").textContent = frame;
    element("age").textContent = ageOf(stamp);
  },

  contacts({ found }) {
    const classless = !element("classes").children.length;
    if (found.length && classless) element("texture").textContent = "not sure";
    element("contacts").replaceChildren(...found.map(row));
  },

  contact_map(map) {
    paint(element("contact_map"), map, mapColours(map));
  },

  overlay(picture, topic) {
    paint(element(topic).querySelector("canvas"), picture, bgrColours(picture.data));
    drawn += 1;
    const now = performance.now();
    times = [...times, now].filter((time) => now - time < 2000);
    element("frames").textContent = drawn;
    element("rate").textContent = (times.length / Math.max((now - times[0]) / 1000, 1)).toFixed(0);
  },

  diagnostics({ statuses }) {
    const named = (part) => statuses.find(({ name }) => name.replace(": ", "/") === part);
    const status = named(owner) ?? named(`${owner}/perception`);
    if (!status) return;
    element("diagnostics").textContent = status.message;
    element("diagnostics").className = status.level === 0 ? "good" : "bad";
  },
};

function bar({ id, score }) {
  const made = document.createElement("div");
  made.className = "bar";
  const [fill, name, number] = ["i", "span", "b"].map((tag) => made.appendChild(document.createElement(tag)));
  fill.style.width = `${100 * score}%`;
  name.textContent = nameOf(id);
  number.textContent = score.toFixed(2);
  return made;
}

function row({ number, results, row: down, column }) {
  const [best] = results;
  const cells = [number, best ? nameOf(best.id) : "-", best ? best.score.toFixed(2) : "", down.toFixed(1), column.toFixed(1)];
  cells.push(best?.clipped ? "clipped" : "");
  const made = document.createElement("tr");
  made.className = best?.clipped ? "clipped" : "";
  for (const cell of cells) made.insertCell().textContent = cell;
  return made;
}

function bgrColours(data) {
  const colours = new Uint8ClampedArray((data.length / 3) * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    colours[to] = data[from + 2];
    colours[to + 1] = data[from + 1];
    colours[to + 2] = data[from];
    colours[to + 3] = 255;
  }
  return colours;
}

function mapColours({ data, big, height, width }) {
  const values = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const colours = new Uint8ClampedArray(height * width * 4);
  for (let at = 0; at < colours.length; at += 4) {
    const value = values.getFloat32(at, !big);
    const [red, green, blue] = Number.isNaN(value) ? [200, 60, 200] : [90 * value, 220 * value, 90 * value];
    colours.set([red, green, blue, 255], at);
  }
  return colours;
}

function paint(canvas, { height, width }, colours) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(colours, width, height), 0, 0);
}

connect();
