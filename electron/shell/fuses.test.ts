import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FUSES, fuseSettings } from './fuses.ts';

describe('fuses', () => {
  it('are burnt as this table says', () => {
    const config = parse(readFileSync(new URL('../../electron-builder.yml', import.meta.url), 'utf8'));
    expect(config.electronFuses).toEqual(fuseSettings());
  });

  it('have a reason each', () => {
    for (const fuse of Object.values(FUSES)) expect(fuse.reason.length).toBeGreaterThan(15);
  });
});
