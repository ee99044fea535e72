/** One value of a fact as text in a form. */
export interface FactField {
  readonly name: string;
  readonly text: string;
  /** Wants more than a line. */
  readonly isLong: boolean;
}

type Data = Readonly<Record<string, unknown>>;
const LONG = 60;

/** What a fact says, field by field. What is not text, number or yes/no stands as JSON. */
export function readFields(data: Data): FactField[] {
  return Object.entries(data).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return { name, text, isLong: text.length > LONG || text.includes('\n') };
  });
}

/**
 * The data that the filled fields mean, each read as the kind of value that stood there.
 * @returns `undefined` when a field can no longer be read as what it was.
 */
export function writeFields(
  before: Data,
  texts: Readonly<Record<string, string>>,
): Record<string, unknown> | undefined {
  const data: [string, unknown][] = [];
  for (const [name, value] of Object.entries(before)) {
    const text = texts[name] ?? '';
    if (typeof value === 'string') {
      data.push([name, text]);
      continue;
    }
    const read = readJson(text);
    if (read === undefined || typeof read.value !== typeof value) return undefined;
    data.push([name, read.value]);
  }
  // Entries, since a field may be called `__proto__`.
  return Object.fromEntries(data);
}

function readJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
