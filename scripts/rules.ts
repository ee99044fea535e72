/**
 * Lists the rules of docs/spec/ that no test cites, and citations of rules that
 * do not exist. With `--strict` either is a failure.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCitedRules, findRules } from './find-rules.ts';
import { listFiles, repositoryRoot } from './repository.ts';

const isStrict = process.argv.includes('--strict');
const files = listFiles(repositoryRoot);
const read = (file: string): string => readFileSync(join(repositoryRoot, file), 'utf8');

const rules = files
  .filter((file) => /^docs\/spec\/.*\.md$/.test(file))
  .flatMap((file) => findRules(file, read(file)));
const tests = files.filter((file) => /\.(test|spec)\.tsx?$/.test(file) && !file.startsWith('scripts/'));
const cited = new Map<string, string>();
for (const file of tests) for (const id of findCitedRules(read(file))) cited.set(id, file);

const known = new Set(rules.map((rule) => rule.id));
const duplicates = rules.filter((rule, index) => rules.findIndex((other) => other.id === rule.id) !== index);
const untested = rules.filter((rule) => !cited.has(rule.id));
const unknown = [...cited].filter(([id]) => !known.has(id));

for (const rule of duplicates) console.log(`${rule.file}:${rule.line}: ${rule.id} is used twice`);
for (const rule of untested)
  console.log(`${rule.file}:${rule.line}: no test cites ${rule.text.slice(0, 100)}`);
for (const [id, file] of unknown) console.log(`${file}: cites ${id}, which no spec has`);
console.log(
  `Rules: ${rules.length}, without a test: ${untested.length}, cited but unknown: ${unknown.length}, used twice: ${duplicates.length}.`,
);
if (isStrict && untested.length + unknown.length + duplicates.length > 0) process.exitCode = 1;
