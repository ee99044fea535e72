import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReplayBuffer } from './replay-buffer.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

test('[R16] a replay is the end of the output, from the start of a line when its start is gone', () => {
  const output = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 20 }));
  fc.assert(
    fc.property(output, (frames) => {
      const buffer = new ReplayBuffer(16);
      for (const frame of frames) buffer.remember(Buffer.from(frame));
      const all = frames.join('');
      const last = all.slice(-16);
      expect(text(buffer.read())).toBe(all.length <= 16 ? all : last.slice(last.indexOf('\n') + 1));
    }),
  );
});
