/**
 * Evaluated inside the sandbox after buffer.js and before the vendor's script: takes away what would make two runs differ,
 * adds what scripts expect to find, and gives the host the functions that find and run the script's decoder.
 * A plain script (no module); its completion value is what the host keeps.
 */
(() => {
  // the script may put others in their place: it then only fools itself
  const { parse, stringify } = JSON;
  const { isArray, from: arrayFrom } = Array;
  const { isFinite: isFiniteNumber } = Number;
  const { isView } = ArrayBuffer;
  const { keys, defineProperty } = Object;
  const RealDate = Date;
  const define = (name, value) => defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

  // shared memory and the garbage collector can be watched, hence used as clocks
  for (const name of ["SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry"]) delete globalThis[name];

  let nowMs = 0; // the frame's recvTime: a frame that is decoded again later gives what it gave
  RealDate.now = () => nowMs;
  const FixedDate = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [nowMs] : args, newTarget === FixedDate ? target : newTarget),
    apply: () => new RealDate(nowMs).toString(),
  });
  RealDate.prototype.constructor = FixedDate;
  define("Date", FixedDate);

  let random = 0x2545f491; // xorshift32: chance would make a frame's readings differ from one decoding to the next
  Math.random = () => {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return (random >>> 0) / 2 ** 32;
  };

  const silent = () => undefined;
  define("console", { log: silent, info: silent, warn: silent, error: silent, debug: silent, trace: silent });
  const ownExports = {};
  define("module", { exports: ownExports });
  define("exports", ownExports);

  let local = {};
  let decode; // (frame) => { data, warnings, errors }
  let normalize;

  const functionNamed = (name, places) => {
    for (const place of places) {
      const found = place?.[name];
      if (typeof found === "function") return found;
    }
    return undefined;
  };

  const plain = (_key, value) => {
    switch (typeof value) {
      case "number":
        if (!isFiniteNumber(value)) sawNonFinite = true;
        return value;
      case "bigint":
        return Number(value);
      case "object":
        return isView(value) && typeof value.length === "number" ? arrayFrom(value) : value;
      default:
        return value;
    }
  };
  const PATHS_MAX = 32;
  const DEPTH_MAX = 32;
  let sawNonFinite = false;

  /** Where JSON has null because the script had NaN or an infinity. */
  const nonFinitePaths = (value, path, found) => {
    if (found.length >= PATHS_MAX || path.length > DEPTH_MAX) return found;
    if (typeof value === "number") {
      if (!isFiniteNumber(value)) found.push([...path, String(value)]);
    } else if (isView(value)) {
      for (let i = 0; i < value.length; i += 1) nonFinitePaths(value[i], [...path, i], found);
    } else if (isArray(value)) {
      for (let i = 0; i < value.length; i += 1) nonFinitePaths(value[i], [...path, i], found);
    } else if (typeof value === "object" && value !== null) {
      for (const key of keys(value)) nonFinitePaths(value[key], [...path, key], found);
    }
    return found;
  };

  const textOf = (value, root, found) => {
    sawNonFinite = false;
    const text = stringify(value, plain) ?? "null";
    if (sawNonFinite) nonFinitePaths(value, [root], found);
    return text;
  };

  const normalizedText = (out, frame, warnings, nonFinite) => {
    try {
      const normalized = normalize({ data: out.data, fPort: frame.fPort, recvTime: new RealDate(nowMs), variables: {} });
      for (const error of normalized?.errors ?? []) warnings.push(`normalizeUplink: ${error}`);
      for (const warning of normalized?.warnings ?? []) warnings.push(`normalizeUplink: ${warning}`);
      return textOf(normalized?.data ?? null, "normalized", nonFinite);
    } catch (error) {
      if (error instanceof InternalError) throw error; // out of memory or stack: the host must know
      warnings.push(`normalizeUplink: ${error?.message ?? error}`);
      return "null";
    }
  };

  return {
    /** Names at the top of the script, which only code at its end can see. */
    take: (names) => {
      local = names;
    },
    /** Finds the decoder; `exported`: the namespace of an ES module. Gives the form's name, or "" where there is none. */
    adopt: (exported) => {
      const places = [local, exported, exported?.default, globalThis.module?.exports, globalThis.exports, globalThis];
      const decodeUplink = functionNamed("decodeUplink", places);
      const chirpStack3 = functionNamed("Decode", places);
      const ttn2 = functionNamed("Decoder", places);
      normalize = functionNamed("normalizeUplink", places);
      if (decodeUplink) {
        decode = (frame) => decodeUplink({ bytes: frame.bytes, fPort: frame.fPort, recvTime: new RealDate(nowMs), variables: {} });
        return "decodeUplink";
      }
      normalize = undefined;
      if (chirpStack3) decode = (frame) => ({ data: chirpStack3(frame.fPort, frame.bytes, {}) });
      else if (ttn2) decode = (frame) => ({ data: ttn2(frame.bytes, frame.fPort) });
      return chirpStack3 ? "Decode" : ttn2 ? "Decoder" : "";
    },
    /** JSON of { bytes, fPort, recvTimeMs } in, JSON of { data, warnings, errors, normalized, nonFinite } out. */
    run: (json) => {
      const frame = parse(json);
      nowMs = frame.recvTimeMs;
      const out = decode(frame);
      if (typeof out?.then === "function") throw new TypeError("the decoder gave a promise; it must give its result at once");
      const nonFinite = [];
      const warnings = [];
      const data = textOf(out?.data ?? null, "data", nonFinite);
      const refused = isArray(out?.errors) ? out.errors.length > 0 : Boolean(out?.errors);
      const normalized = normalize === undefined || refused || data === "null" ? "null" : normalizedText(out, frame, warnings, nonFinite);
      const errors = stringify(out?.errors ?? null) ?? "null";
      const told = stringify(out?.warnings ?? null) ?? "null";
      return `{"data":${data},"errors":${errors},"warnings":[${told},${stringify(warnings)}],"normalized":${normalized},"nonFinite":${stringify(nonFinite)}}`;
    },
  };
})();
