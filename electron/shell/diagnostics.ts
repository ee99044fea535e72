/** What went wrong outside of the host since the start: process deaths, refused navigation, refused ports. */
export interface Diagnostics {
  note(what: string): void;
  /** Plain text for a person to read and send: versions and notes, never contents or secrets. */
  text(): string;
}

/** Enough to see a loop of crashes; a page that keeps trying must not fill memory. */
const KEPT = 200;
/** An address from a page may be as long as it likes; its beginning says what it was. */
const LONGEST = 300;

/** @param now gives the wall clock as ISO 8601 text. */
export function createDiagnostics(facts: Readonly<Record<string, string>>, now: () => string): Diagnostics {
  const notes: string[] = [];
  return {
    note: (what) => {
      notes.push(`${now()}  ${what.slice(0, LONGEST).replaceAll(/[\r\n]+/g, ' ')}`);
      if (notes.length > KEPT) notes.shift();
    },
    text: () =>
      [
        'Faultline diagnostics',
        ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`),
        '',
        ...(notes.length === 0 ? ['Nothing to report.'] : notes),
        '',
      ].join('\n'),
  };
}
