/** How deep one answer may lead to others: values through about this many locals, parameters, returns and fields. */
const MAX_DEPTH = 40;

/**
 * Keeps questions that lead to each other in circles from going round for ever. An answer that was cut short because a question was
 * still open further out says nothing about that question asked on its own, so "not known" is kept only where no circle was the reason.
 */
export class Circles {
  /** What is being worked out, with its level: how many questions deep it was asked. */
  readonly #open = new Map<unknown, number>();
  /** The outermost level that the answer being worked out was cut short for, by a circle or the bound. */
  #cutAt = Number.POSITIVE_INFINITY;
  #depth = 0;

  /** How many questions deep the one being asked is. */
  get level(): number {
    return this.#open.size;
  }

  /** Whether half of the way to the bound is used up: what branches widely is left out from here on. */
  get isDeep(): boolean {
    return this.#depth > MAX_DEPTH / 2;
  }

  /** Notes that what is being worked out was cut short by a circle that began at `level`. */
  cut(level: number): void {
    this.#cutAt = Math.min(this.#cutAt, level);
  }

  /** Works out the answer for `key` and keeps it in `answers`, unless a circle or the bound is why it is not known. */
  answer<K, A>(answers: Map<K, A | undefined>, key: K, work: () => A | undefined): A | undefined {
    if (this.#depth > MAX_DEPTH) {
      this.cut(this.#open.get(key) ?? 0);
      return undefined;
    }
    this.#depth++;
    const answer = this.keep(answers, key, key, work);
    this.#depth--;
    return answer;
  }

  /** The same for what is a part of another question and no step further: a field of a class. `question` tells it from all others. */
  keep<K, A>(answers: Map<K, A | undefined>, key: K, question: unknown, work: () => A | undefined): A | undefined {
    const open = this.#open.get(question);
    if (open !== undefined) {
      this.cut(open);
      return undefined;
    }
    const level = this.#open.size;
    const outer = this.#cutAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.#open.set(question, level);
    const answer = work();
    this.#open.delete(question);
    const isFinal = this.#cutAt >= level;
    if (answer !== undefined || isFinal) answers.set(key, answer);
    this.#cutAt = isFinal ? outer : Math.min(outer, this.#cutAt);
    return answer;
  }

  /** Works something out that is not kept; undefined when the same is being asked already. */
  guard<A>(question: unknown, work: () => A | undefined): A | undefined {
    const open = this.#open.get(question);
    if (open !== undefined) {
      this.cut(open);
      return undefined;
    }
    this.#open.set(question, this.#open.size);
    const answer = work();
    this.#open.delete(question);
    return answer;
  }
}
