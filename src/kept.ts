/** A function whose answer for an object is worked out when first asked for, and kept as long as the object is. */
export function kept<Whole extends object, Answer>(work: (whole: Whole) => Answer): (whole: Whole) => Answer {
  const answers = new WeakMap<Whole, { readonly answer: Answer }>();
  return (whole) => {
    const known = answers.get(whole);
    if (known) return known.answer;
    const answer = work(whole);
    answers.set(whole, { answer });
    return answer;
  };
}

/** The same for a function of an object and something that belongs to it: a project and one of its classes, files, functions. */
export function keptForEach<Whole extends object, Part, Answer>(work: (whole: Whole, part: Part) => Answer): (whole: Whole, part: Part) => Answer {
  const tables = kept((_: Whole) => new Map<Part, { readonly answer: Answer }>());
  return (whole, part) => {
    const table = tables(whole);
    const known = table.get(part);
    if (known) return known.answer;
    const answer = work(whole, part);
    table.set(part, { answer });
    return answer;
  };
}
