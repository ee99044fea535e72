import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchOptions } from './launch-options.ts';

describe('the command line', () => {
  const here = path.resolve('/here');

  it('means nothing when it is empty', () => {
    expect(launchOptions(['faultline'], here)).toEqual({
      dataDir: undefined,
      demo: false,
      perf: false,
      link: undefined,
    });
  });

  it('names a data folder in either form', () => {
    expect(launchOptions(['faultline', '--data=d'], here).dataDir).toBe(path.join(here, 'd'));
    expect(launchOptions(['faultline', '--data', '/e'], here).dataDir).toBe(path.resolve('/e'));
    expect(launchOptions(['faultline', '--data'], here).dataDir).toBeUndefined();
  });

  it('may carry a link and Chromium’s own switches', () => {
    expect(
      launchOptions(['faultline', '--no-sandbox', '--perf', '--demo', 'faultline://ticket/1'], here),
    ).toEqual({
      dataDir: undefined,
      demo: true,
      perf: true,
      link: { place: 'ticket', id: '1' },
    });
  });
});
