/**
 * What a client asks of the table, NTRIP 2.0 (RTCM 10410.1, sourcetable filtering): `/?match=STR;;;…` compares fields as they are,
 * `/?filter=STR;;;…`, or bare `/?STR;;;…` as BKG's clients send it, knows operators; `auth` leaves what this account may use;
 * `strict` makes an error of what is not understood, which otherwise constrains nothing.
 *
 * A field: `|` or, `+` and, `!` not, `( )`, `*` any characters, `<5` `<=5` `>5` `>=5` `=5` numbers, `~39.4` those nearest to it.
 * A list in a field (`GPS+GLO`, `1006(10),1077(1)`) also fits where one member does. Case does not matter.
 */
export interface TableQuery {
  readonly auth: boolean;
  readonly strict: boolean;
  readonly conditions: readonly Condition[]; // all of them
}

interface Condition {
  readonly fields: readonly FieldTest[]; // by position; none = any
}
type FieldTest = ((value: string) => boolean) | { readonly near: number } | null;

export type ParsedTableQuery = { readonly kind: "query"; readonly query: TableQuery } | { readonly kind: "error" };

const CONDITIONS_MAX = 16;
const FIELDS_MAX = 32;
const DEPTH_MAX = 8;
const RECORD = /^(STR|CAS|NET)\b|;/i;

/** `text` as it stood behind the question mark. Percent-encoding is undone; `+` is an operator, never a space. */
export function parseTableQuery(text: string): ParsedTableQuery {
  const conditions: Condition[] = [];
  let auth = false;
  let strict = false;
  let unknown = false;
  for (const part of text.split("&").map(decoded)) {
    const [, name = "", value = ""] = /^(auth|strict|match|filter)(?:=(.*))?$/is.exec(part) ?? ["", "", part];
    const given = value.trim();
    switch (name.toLowerCase()) {
      case "auth":
        auth = given !== "0";
        break;
      case "strict":
        strict = given !== "0";
        break;
      default: {
        if (given === "") break;
        const condition = name !== "" || RECORD.test(given) ? conditionOf(given, name.toLowerCase() === "match") : null;
        if (condition === null || conditions.length >= CONDITIONS_MAX) unknown = true;
        else conditions.push(condition);
      }
    }
  }
  return unknown && strict ? { kind: "error" } : { kind: "query", query: { auth, strict, conditions } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** null: not understood. */
function conditionOf(text: string, exact: boolean): Condition | null {
  const fields: FieldTest[] = [];
  for (const field of text.split(";").slice(0, FIELDS_MAX)) {
    const test = exact ? exactTest(field.trim()) : fieldTest(field.trim());
    if (test === undefined) return null;
    fields.push(test);
  }
  return { fields };
}

const exactTest = (wanted: string): FieldTest => (wanted === "" ? null : (value) => same(value, wanted));

function fieldTest(wanted: string): FieldTest | undefined {
  if (wanted === "") return null;
  const near = /^~([+-]?\d+(?:\.\d*)?)$/.exec(wanted);
  if (near) return { near: Number(near[1]) };
  const expression = new Expression(wanted).parse();
  return expression && ((value) => same(value, wanted) || expression(value));
}

/** Text without regard to case, numbers by value: 39.4 is 39.40. */
function same(value: string, wanted: string): boolean {
  if (value.toLowerCase() === wanted.toLowerCase()) return true;
  return NUMBER.test(value) && NUMBER.test(wanted) && Number(value) === Number(wanted);
}
const NUMBER = /^[+-]?\d+(\.\d*)?$/;

// A message type with its rate, `1077(1)`, is one word.
const TOKENS = /\d+\(\d+(?:\.\d+)?\)|[|+!()]|[^|+!()]+/g;

/** or := and ('|' and)*; and := not ('+' not)*; not := '!' not | '(' or ')' | term. Bounded in depth. */
class Expression {
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.match(TOKENS) ?? [];
  }

  /** undefined: not an expression. */
  parse(): ((value: string) => boolean) | undefined {
    const test = this.#or(0);
    return this.#at === this.#tokens.length ? test : undefined;
  }

  #or(depth: number): ((value: string) => boolean) | undefined {
    return this.#list("|", () => this.#list("+", () => this.#not(depth), every), some);
  }

  #list(separator: string, next: () => Test | undefined, join: (tests: readonly Test[]) => Test): Test | undefined {
    const tests: Test[] = [];
    do {
      const test = next();
      if (test === undefined) return undefined;
      tests.push(test);
    } while (this.#take(separator));
    return join(tests);
  }

  #not(depth: number): Test | undefined {
    if (depth > DEPTH_MAX) return undefined;
    if (this.#take("!")) {
      const test = this.#not(depth + 1);
      return test && ((value) => !test(value));
    }
    if (this.#take("(")) {
      const test = this.#or(depth + 1);
      return this.#take(")") ? test : undefined;
    }
    const term = this.#tokens[this.#at];
    if (term === undefined || /^[|+!()]$/.test(term)) return undefined;
    this.#at += 1;
    return termTest(term.trim());
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
}

type Test = (value: string) => boolean;
const every =
  (tests: readonly Test[]): Test =>
  (value) =>
    tests.every((test) => test(value));
const some =
  (tests: readonly Test[]): Test =>
  (value) =>
    tests.some((test) => test(value));

function termTest(term: string): Test {
  const compared = /^(<=|>=|<|>|=)\s*([+-]?\d+(?:\.\d*)?)$/.exec(term);
  if (compared) return numberTest(compared[1] as string, Number(compared[2]));
  if (!term.includes("*")) return (value) => members(value).some((member) => same(member, term));
  const pieces = term.toLowerCase().split(/\*+/);
  return (value) => members(value).some((member) => fitsPieces(member.toLowerCase(), pieces));
}

function numberTest(operator: string, limit: number): Test {
  return (value) => {
    if (!NUMBER.test(value)) return false;
    const number = Number(value);
    switch (operator) {
      case "<":
        return number < limit;
      case "<=":
        return number <= limit;
      case ">":
        return number > limit;
      case ">=":
        return number >= limit;
      default:
        return number === limit;
    }
  };
}

/** The field itself, and what it is a list of; message types also without their rate. */
function members(value: string): readonly string[] {
  if (!/[+,]/.test(value) && !value.endsWith(")")) return [value];
  return [value, ...value.split(/[+,]/).flatMap((member) => [member, member.replace(/\(.*\)$/, "")])];
}

/** `a*b` is [a, b]: from the left, each piece as early as it can be; no backtracking. */
function fitsPieces(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] as string;
  const last = pieces[pieces.length - 1] as string;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}

/** The records that the query leaves, in their order. */
export function filterRecords(records: readonly (readonly string[])[], { conditions }: Pick<TableQuery, "conditions">): readonly (readonly string[])[] {
  const fit = records.filter((record) => conditions.every((condition) => fits(record, condition)));
  const near = conditions.flatMap(({ fields }) => fields.flatMap((test, field) => (test !== null && "near" in test ? [{ field, near: test.near }] : [])));
  if (near.length === 0 || fit.length === 0) return fit;
  const off = (record: readonly string[]): number => near.reduce((sum, n) => sum + Math.abs(Number(record[n.field]) - n.near), 0);
  const least = Math.min(...fit.map(off));
  return fit.filter((record) => off(record) - least < 1e-9);
}

function fits(record: readonly string[], { fields }: Condition): boolean {
  return fields.every((test, i) => {
    const value = record[i];
    if (test === null) return true;
    if (value === undefined) return false;
    return typeof test === "function" ? test(value) : NUMBER.test(value);
  });
}
