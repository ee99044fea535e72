/** Checks who imports whom, which packages run where, banned words and lengths. Part of `npm run check`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDependencies, checkFile, isChecked, type Finding } from './check-boundaries.ts';
import { listFiles, readPackageJson, repositoryRoot } from './repository.ts';

const files = listFiles(repositoryRoot).filter(isChecked);
const findings: Finding[] = [
  ...files.flatMap((file) => checkFile(file, readFileSync(join(repositoryRoot, file), 'utf8'))),
  ...checkDependencies(readPackageJson()),
];
for (const { level, file, line, message } of findings) console.log(`${file}:${line}: ${level}: ${message}`);
const errors = findings.filter((finding) => finding.level === 'error').length;
console.log(`Boundaries: ${files.length} files, ${errors} errors, ${findings.length - errors} warnings.`);
if (errors > 0) process.exitCode = 1;
