/** A rule of docs/spec/<area>.md. */
export interface Rule {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** An ID is one to three capital letters and a number, with a letter behind it where a rule has parts: `S1`, `SY12`, `P4b`. */
const ID = '[A-Z]{1,3}\\d+[a-z]?';

/**
 * A rule is a line that begins with its ID: `- **S1** …`. `- **S1.** …`,
 * `- S1. …`, `**S1** …` and a heading `### S1 …` are understood as well.
 */
const RULE = new RegExp(
  `^\\s*(?:[-*] |#{2,5} )?(?:\\*\\*(${ID})\\b[^*]*\\*\\*|(${ID})[.:](?=\\s)|(?<=#\\s)(${ID})\\b)\\s*(.*)$`,
);

/** The rules of one spec file, in the order they stand in it. */
export function findRules(file: string, markdown: string): Rule[] {
  return markdown.split('\n').flatMap((text, index) => {
    const match = RULE.exec(text);
    const id = match?.[1] ?? match?.[2] ?? match?.[3];
    return id === undefined ? [] : [{ id, file, line: index + 1, text: text.trim() }];
  });
}

/**
 * The rule IDs that test names cite: `[S5] keeps …`, `[S5][S6] …`, `[S5, S6] …`.
 * Only string literals count, so that an index like `row[A1]` in code does not.
 */
export function findCitedRules(source: string): string[] {
  const cited = new Set<string>();
  for (const [, ids] of source.matchAll(new RegExp(`(?<=['"\`\\]\\s])\\[(${ID}(?:, ?${ID})*)\\]`, 'g'))) {
    for (const id of (ids ?? '').split(',')) cited.add(id.trim());
  }
  return [...cited];
}
