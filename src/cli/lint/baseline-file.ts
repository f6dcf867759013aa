/** Name of a baseline that nobody named. */
export const DEFAULT_BASELINE = "do-or-d1.baseline.json";
