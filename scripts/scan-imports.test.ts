import { describe, expect, it } from 'vitest';
import { blankComments, scanImports } from './scan-imports.ts';

describe('scanImports', () => {
  it('finds every way to name a module', () => {
    const source = [
      "import a from 'one';",
      "import type { B } from 'two';",
      'import { type C,',
      '  d } from "three";',
      "import 'four.css';",
      "export * from 'five';",
      "export type { E } from 'six';",
      "const later = await import('seven');",
      "const old = require('eight');",
      "import type from 'nine';",
    ].join('\n');
    expect(scanImports(source)).toEqual([
      { specifier: 'one', kind: 'static', line: 1 },
      { specifier: 'two', kind: 'type', line: 2 },
      { specifier: 'three', kind: 'static', line: 3 },
      { specifier: 'four.css', kind: 'static', line: 5 },
      { specifier: 'five', kind: 'static', line: 6 },
      { specifier: 'six', kind: 'type', line: 7 },
      { specifier: 'seven', kind: 'dynamic', line: 8 },
      { specifier: 'eight', kind: 'dynamic', line: 9 },
      { specifier: 'nine', kind: 'static', line: 10 },
    ]);
  });

  it('takes no notice of comments', () => {
    expect(scanImports("// import a from 'one';\n/* import b from 'two'; */\n * import('three')\n")).toEqual([
      { specifier: 'three', kind: 'dynamic', line: 3 },
    ]);
  });

  it('is not led astray by slashes and quotes in strings, templates and patterns', () => {
    const source =
      "const u = 'http://x'; const p = /['\"`/*]/g; const t = `//${p ? `/*` : '//'} */`;\nimport a from 'one';";
    expect(scanImports(source)).toEqual([{ specifier: 'one', kind: 'static', line: 2 }]);
  });
});

describe('blankComments', () => {
  it('keeps offsets, lines and strings', () => {
    const source = "const a = 'x // y'; // note\n/* one\ntwo */ b";
    expect(blankComments(source)).toBe("const a = 'x // y';        \n      \n       b");
  });

  it('lets an apostrophe in JSX text spoil no more than its line', () => {
    expect(blankComments("<p>Don't</p>\n// gone")).toBe("<p>Don't</p>\n       ");
  });
});
