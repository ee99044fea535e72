export interface FoundImport {
  readonly specifier: string;
  /** `type` imports vanish at build time; they still tie one area to another. */
  readonly kind: 'static' | 'dynamic' | 'type';
  /** 1-based. */
  readonly line: number;
}

/**
 * The same text with every comment blanked out; strings, line breaks and
 * offsets stay. Strings end at their line, so that an apostrophe in JSX text
 * spoils no more than its own line.
 */
export function blankComments(source: string): string {
  const out = source.split('');
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (out[at] !== '\n') out[at] = ' ';
  };
  /** Depth of `{` at which each open template literal goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  let before = '';
  while (at < source.length) {
    const char = source[at] ?? '';
    const next = source[at + 1];
    if (char === '/' && next === '/') {
      const end = source.indexOf('\n', at);
      const to = end === -1 ? source.length : end;
      blank(at, to);
      at = to;
      continue;
    }
    if (char === '/' && next === '*') {
      const end = source.indexOf('*/', at + 2);
      const to = end === -1 ? source.length : end + 2;
      blank(at, to);
      at = to;
      continue;
    }
    if (char === '/' && '(,=:[!&|?{};+>'.includes(before || '(')) {
      at = endOfRegex(source, at);
      before = '/';
      continue;
    }
    if (char === "'" || char === '"') {
      at = endOfString(source, at);
      before = char;
      continue;
    }
    if (char === '`') {
      at = endOfTemplatePart(source, at + 1);
      if (source[at - 1] === '{') {
        templates.push(depth);
        depth++;
        before = '{';
      } else before = '`';
      continue;
    }
    if (char === '{') depth++;
    if (char === '}') {
      depth--;
      if (templates.at(-1) === depth) {
        templates.pop();
        at = endOfTemplatePart(source, at + 1);
        if (source[at - 1] === '{') {
          templates.push(depth);
          depth++;
          before = '{';
        } else before = '`';
        continue;
      }
    }
    if (char.trim() !== '') before = char;
    at++;
  }
  return out.join('');
}

function endOfString(source: string, start: number): number {
  const quote = source[start];
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === quote || source[at] === '\n') return at + 1;
  }
  return source.length;
}

/** Behind the closing backtick, or behind the `{` of the next `${`. */
function endOfTemplatePart(source: string, start: number): number {
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '`') return at + 1;
    else if (source[at] === '$' && source[at + 1] === '{') return at + 2;
  }
  return source.length;
}

function endOfRegex(source: string, start: number): number {
  let isInClass = false;
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at];
    if (char === '\n') return start + 1;
    if (char === '\\') at++;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '/' && !isInClass) return at + 1;
  }
  return start + 1;
}

const FROM = /^[ \t]*(import|export)\b([^'"`;=()]*?)\bfrom\s*(['"])([^'"\n]+)\3/gm;
const BARE = /^[ \t]*import\s*(['"])([^'"\n]+)\1/gm;
const CALLED = /\b(?:import|require)\s*\(\s*(['"])([^'"\n]+)\1\s*[),]/g;

/**
 * The modules that a TypeScript file names: `import`, `export … from`,
 * `import type`, `import()` and `require()` with a literal. In order of appearance.
 */
export function scanImports(source: string): FoundImport[] {
  const code = blankComments(source);
  const found: (FoundImport & { offset: number })[] = [];
  const add = (offset: number, kind: FoundImport['kind'], specifier: string | undefined): void => {
    if (specifier === undefined) return;
    found.push({ offset, kind, specifier, line: code.slice(0, offset).split('\n').length });
  };
  for (const match of code.matchAll(FROM)) {
    const isType = /^\s*type\b(?!\s*,|\s*$)/.test(match[2] ?? '');
    add(match.index, isType ? 'type' : 'static', match[4]);
  }
  for (const match of code.matchAll(BARE)) add(match.index, 'static', match[2]);
  for (const match of code.matchAll(CALLED)) add(match.index, 'dynamic', match[2]);
  return found
    .sort((a, b) => a.offset - b.offset)
    .map(({ specifier, kind, line }) => ({ specifier, kind, line }));
}
