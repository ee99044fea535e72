import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ProblemSchema } from '#shared/sync/protocol.ts';
import { Problem, problemDetails, rawProblem } from './problem.ts';

const root = new URL('../..', import.meta.url).pathname;

/** `status code` of every problem that is named in the server's code. */
function thrown(): string[] {
  const files = readdirSync(join(root, 'server'), { recursive: true, encoding: 'utf8' });
  const found = files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(join(root, 'server', file), 'utf8').matchAll(
        /new Problem\(\s*(\d{3}),\s*'([a-z]+\.[A-Za-z]+)'/g,
      ),
    ]);
  return [...new Set(found.map(([, status, code]) => `${status} ${code}`))].toSorted();
}

/** The same of the table in the specification. */
function documented(): string[] {
  const text = readFileSync(join(root, 'docs/spec/sync.md'), 'utf8');
  return [...text.matchAll(/^ {2}\| (\d{3}) \| (.*) \|$/gm)]
    .flatMap(([, status, codes = '']) =>
      [...codes.matchAll(/`([a-z]+\.[A-Za-z]+)`/g)].map(([, code]) => `${status} ${code}`),
    )
    .toSorted();
}

it('[SY67] has every code of the server in the table, under its status', () => {
  expect(thrown().filter((problem) => !documented().includes(problem))).toEqual([]);
});

it('[SY67] tells a problem as RFC 9457 has it, with members of its own that cannot cover the standard ones', () => {
  const problem = new Problem(409, 'sync.otherEpoch', 'Another history.', undefined, {
    epoch: 'e2',
    status: 200,
  });
  expect(problemDetails(problem)).toEqual({
    type: 'https://faultline.example/problems/sync.otherEpoch',
    title: 'Conflict',
    status: 409,
    detail: 'Another history.',
    code: 'sync.otherEpoch',
    epoch: 'e2',
  });
  const [head = '', body = ''] = rawProblem(problem).split('\r\n\r\n');
  expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
  expect(ProblemSchema.parse(JSON.parse(body)).code).toBe('sync.otherEpoch');
});
