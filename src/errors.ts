/** A problem that the user can mend: shown as one short text with a place and a remedy, never a stack trace; the process exits with 2. */
export class UserError extends Error {
  readonly place: string | undefined;
  readonly hint: string | undefined;

  /**
   * @param message what is wrong, naming the offending value
   * @param options.place file, `file:line:column`, or option the problem is at
   * @param options.hint what to do about it
   */
  constructor(message: string, options: { place?: string | undefined; hint?: string | undefined } = {}) {
    super(message);
    this.name = "UserError";
    this.place = options.place;
    this.hint = options.hint;
  }
}
