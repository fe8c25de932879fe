import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

const ROWS_PER_STATEMENT = 32;
const WAITING_MAX = 20_000; // rows; then they are written, whoever waits

/**
 * Rows of one table, written many per statement: binding and stepping cost more than the row itself. Whoever reads the table inside the
 * same transaction calls `flush` first.
 */
export class BulkInsert {
  readonly #one: StatementSync;
  readonly #many: StatementSync;
  readonly #columns: number;
  #values: SQLInputValue[] = [];

  /** `into`: the statement up to and without VALUES. */
  constructor(db: DatabaseSync, into: string, columns: number) {
    const row = `(${Array.from({ length: columns }, () => "?").join(", ")})`;
    this.#one = db.prepare(`${into} VALUES ${row}`);
    this.#many = db.prepare(`${into} VALUES ${Array.from({ length: ROWS_PER_STATEMENT }, () => row).join(", ")}`);
    this.#columns = columns;
  }

  /** As many values as there are columns. */
  add(...values: SQLInputValue[]): void {
    this.#values.push(...values);
    if (this.#values.length >= WAITING_MAX * this.#columns) this.flush();
  }

  flush(): void {
    const values = this.#values;
    if (values.length === 0) return;
    this.#values = [];
    const width = this.#columns * ROWS_PER_STATEMENT;
    let at = 0;
    for (; at + width <= values.length; at += width) this.#many.run(...values.slice(at, at + width));
    for (; at < values.length; at += this.#columns) this.#one.run(...values.slice(at, at + this.#columns));
  }

  /** After a rollback. */
  forget(): void {
    this.#values = [];
  }
}
