import { readFileSync } from 'node:fs';
import { ProblemSchema } from '#shared/sync/protocol.ts';

const SPEC = new URL('../../../docs/spec/sync.md', import.meta.url);

/** `status code` of each line of the table in SY67. */
export function documentedProblems(): ReadonlySet<string> {
  const table = readFileSync(SPEC, 'utf8').split('**SY67.')[1]?.split('**SY68.')[0] ?? '';
  const known = new Set<string>();
  for (const [, status = '', codes = ''] of table.matchAll(/^\s*\| (\d{3}) \| (.*) \|$/gm))
    for (const [, code = ''] of codes.matchAll(/`([a-z]+\.[A-Za-z]+)`/g)) known.add(`${status} ${code}`);
  if (known.size < 30) throw new Error('The table of SY67 was not found.');
  return known;
}

const DOCUMENTED = documentedProblems();

/** Why an answer is no documented refusal; `undefined` when it is one. */
export function undocumented(status: number, type: string, body: string): string | undefined {
  if (!type.startsWith('application/problem+json'))
    return `${status} as ${type || 'nothing'}: ${body.slice(0, 200)}`;
  const parsed = ProblemSchema.safeParse(JSON.parse(body));
  if (!parsed.success) return `not a problem: ${body.slice(0, 200)}`;
  const problem = parsed.data;
  if (problem.status !== status) return `the body says ${problem.status}, the answer ${status}`;
  if (problem.type !== `https://faultline.example/problems/${problem.code}`) return `type ${problem.type}`;
  return DOCUMENTED.has(`${status} ${problem.code}`)
    ? undefined
    : `${status} ${problem.code} is not in the table`;
}
