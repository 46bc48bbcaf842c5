// Reads serialised ROS 2 messages: plain CDR, each field aligned to its size counted from the fifth byte.

const HEAD = 4;
const text = new TextDecoder();

class Fields {
  constructor(buffer, offset) {
    this.bytes = new Uint8Array(buffer, offset);
    this.view = new DataView(buffer, offset);
    this.little = (this.bytes[1] & 1) === 1;
    this.at = HEAD;
  }

  place(size) {
    const place = this.at + ((size - ((this.at - HEAD) % size)) % size);
    this.at = place + size;
    return place;
  }

  uint8() { return this.view.getUint8(this.place(1)); }
  uint16() { return this.view.getUint16(this.place(2), this.little); }
  int32() { return this.view.getInt32(this.place(4), this.little); }
  uint32() { return this.view.getUint32(this.place(4), this.little); }
  float32() { return this.view.getFloat32(this.place(4), this.little); }
  float64() { return this.view.getFloat64(this.place(8), this.little); }

  string() {
    const length = this.uint32();
    const value = text.decode(this.bytes.subarray(this.at, this.at + Math.max(length - 1, 0)));
    this.at += length;
    return value;
  }

  list(read) { return Array.from({ length: this.uint32() }, () => read(this)); }

  octets() {
    const length = this.uint32();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

const header = (f) => ({ stamp: f.int32() + f.uint32() / 1e9, frame: f.string() });
const hypothesis = (f) => ({ id: f.string(), score: f.float64() });

function hypothesisWithPose(f) {
  const found = hypothesis(f);
  const pose = Array.from({ length: 7 + 36 }, () => f.float64());
  return { ...found, clipped: pose[7] === -1 };
}

function detection(f) {
  header(f);
  const results = f.list(hypothesisWithPose);
  const [column, row, , width, height] = Array.from({ length: 5 }, () => f.float64());
  return { results, column, row, width, height, number: f.string() };
}

function image(f) {
  const { stamp, frame } = header(f);
  const height = f.uint32(), width = f.uint32(), encoding = f.string();
  const big = f.uint8() === 1;
  f.uint32();
  return { stamp, frame, height, width, encoding, big, data: f.octets() };
}

const status = (f) => ({
  level: f.uint8(), name: f.string(), message: f.string(), hardware: f.string(),
  values: Object.fromEntries(f.list((g) => [g.string(), g.string()])),
});

const READERS = {
  classification: (f) => ({ ...header(f), results: f.list(hypothesis) }),
  label_info: (f) => ({ ...header(f), classes: f.list((g) => [g.uint16(), g.string()]) }),
  contacts: (f) => ({ ...header(f), found: f.list(detection) }),
  contact_map: image,
  overlay: image,
  diagnostics: (f) => ({ ...header(f), statuses: f.list(status) }),
};

// The contents of a message of the topic with this last name, from `offset` bytes on in `buffer`.
function readMessage(name, buffer, offset) {
  return READERS[name](new Fields(buffer, offset));
}
