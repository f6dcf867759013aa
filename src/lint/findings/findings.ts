import { lineStarts, placeOf, type Place, type Span } from "../../project/span.ts";
import { requireDocument } from "../documents.ts";
import type { Finding, Report, Severity } from "../finding.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { compareFindings, comparePlaces, compareText } from "./order.ts";

/** A report with what the pipeline knows about it: its rule, its severity in this run, the symbol around it. */
export interface RatedReport {
  readonly rule: string;
  readonly severity: Severity;
  readonly report: Report;
  readonly symbol: string;
}

/** Gives a file's text; "" for one that is gone. */
export type ReadText = (file: string) => string;

/** Turns spans into places; each file's line starts are worked out once. */
export function placer(read: ReadText): (span: Span) => Place {
  const starts = new Map<string, readonly number[]>();
  return (span) => {
    let known = starts.get(span.file);
    if (!known) starts.set(span.file, (known = lineStarts(read(span.file))));
    return placeOf(span, known);
  };
}

/** Reports as findings: places instead of spans, texts of the rule's document, fingerprints; sorted, each once. */
export function toFindings(reports: readonly RatedReport[], read: ReadText): Finding[] {
  const place = placer(read);
  const drafts = reports.map((rated) => ({ rated, finding: draft(rated, place) }));
  drafts.sort((a, b) => compareFindings(a.finding, b.finding));
  const ordinals = new Map<string, number>();
  const findings: Finding[] = [];
  for (const { rated, finding } of drafts) {
    const previous = findings.at(-1);
    if (previous && previous.rule === finding.rule && previous.message === finding.message && comparePlaces(previous, finding) === 0) continue;
    const { span } = rated.report;
    const snippet = read(span.file).slice(span.start, span.end);
    const first = fingerprintOf(rated.rule, rated.symbol, snippet, 0);
    const key = `${span.file}\0${first}`;
    const ordinal = ordinals.get(key) ?? 0;
    ordinals.set(key, ordinal + 1);
    findings.push({ ...finding, fingerprint: ordinal === 0 ? first : fingerprintOf(rated.rule, rated.symbol, snippet, ordinal) });
  }
  return findings;
}

function draft({ rule, severity, report }: RatedReport, place: (span: Span) => Place): Finding {
  const document = requireDocument(rule);
  return {
    rule,
    severity,
    confidence: report.confidence,
    message: report.message,
    ...place(report.span),
    related: dedupe((report.related ?? []).map(({ span, message }) => ({ ...place(span), message }))),
    subject: report.subject ?? {},
    help: report.help ?? document.help,
    docs: document.docs,
    fingerprint: "",
    ...(report.fix && { fix: report.fix }),
    ...(report.suggestion && { suggestion: report.suggestion }),
  };
}

/** Rules list related places in the order in which they should be read; only repetitions go. */
function dedupe<T extends Place & { readonly message: string }>(places: readonly T[]): T[] {
  return places.filter((place, at) => places.findIndex((other) => comparePlaces(place, other) === 0 && compareText(place.message, other.message) === 0) === at);
}
