import type { Step } from "./steps.ts";

/** Which steps lie on every path to a step. Cooper, Harvey and Kennedy's iteration over immediate dominators. */
export class Dominators {
  readonly #rank: Int32Array;
  readonly #immediate: (Step | undefined)[];

  constructor(entry: Step, count: number) {
    const order = reversePostorder(entry, count);
    this.#rank = new Int32Array(count).fill(-1);
    order.forEach((step, rank) => (this.#rank[step.id] = rank));
    this.#immediate = new Array<Step | undefined>(count);
    this.#immediate[entry.id] = entry;
    for (let changed = true; changed;) {
      changed = false;
      for (const step of order) {
        if (step === entry) continue;
        let nearest: Step | undefined;
        for (const previous of step.previous) {
          if (!this.#immediate[previous.id]) continue;
          nearest = nearest ? this.#common(nearest, previous) : previous;
        }
        if (nearest && this.#immediate[step.id] !== nearest) {
          this.#immediate[step.id] = nearest;
          changed = true;
        }
      }
    }
  }

  /** The steps that every path to `step` passes, in order, without the step itself. */
  chain(step: Step): readonly Step[] {
    const chain: Step[] = [];
    for (let current = this.#immediate[step.id]; current; current = this.#immediate[current.id]) {
      chain.push(current);
      if (this.#immediate[current.id] === current) break;
    }
    return step.previous.length === 0 ? [] : chain.reverse();
  }

  #common(a: Step, b: Step): Step {
    let [x, y] = [a, b];
    while (x !== y) {
      if (this.#rankOf(x) > this.#rankOf(y)) x = this.#immediate[x.id] ?? y;
      else y = this.#immediate[y.id] ?? x;
    }
    return x;
  }

  #rankOf(step: Step): number {
    return this.#rank[step.id] ?? -1;
  }
}

/** Steps so that each comes before its successors, but for the jump back of a loop. Without recursion: functions may be long. */
function reversePostorder(entry: Step, count: number): Step[] {
  const order: Step[] = [];
  const seen = new Uint8Array(count);
  const stack: { step: Step; next: number }[] = [{ step: entry, next: 0 }];
  seen[entry.id] = 1;
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const successor = top.step.next[top.next++];
    if (!successor) {
      order.push(top.step);
      stack.pop();
    } else if (!seen[successor.id]) {
      seen[successor.id] = 1;
      stack.push({ step: successor, next: 0 });
    }
  }
  return order.reverse();
}
