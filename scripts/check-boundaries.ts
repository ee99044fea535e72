import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import {
  areas,
  bannedWords,
  FEATURE_DOOR,
  FEATURE_FILE,
  innerRules,
  lineCaps,
  NOT_CHECKED,
  type Area,
} from './boundary-table.ts';
import { dependencyClasses, packageOf } from './dependency-classes.ts';
import type { PackageJson } from './repository.ts';
import { blankComments, scanImports, type FoundImport } from './scan-imports.ts';

/** One breach, as a sentence with the place in front. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const SOURCE = /\.(ts|tsx|mts|cts)$/;
const builtins = new Set(builtinModules);

/** Whether the boundary checker reads a file. */
export function isChecked(file: string): boolean {
  return SOURCE.test(file) && !file.endsWith('.d.ts') && !NOT_CHECKED.test(file);
}

/** The area that owns a file, or undefined when it stands outside the house. */
export function areaOf(file: string): Area | undefined {
  return areas.find((area) => area.holds.test(file));
}

/**
 * Checks one file against the tables in boundary-table.ts and dependency-classes.ts.
 * @param file path from the repository's root, with `/`.
 */
export function checkFile(file: string, source: string): Finding[] {
  const area = areaOf(file);
  if (area === undefined) {
    const message =
      'stands in no area. The layout is in docs/architecture.md, the table in scripts/boundary-table.ts.';
    return [{ level: 'error', file, line: 1, message }];
  }
  const findings = scanImports(source).flatMap((found) =>
    checkImport(file, area, found).map((message) => ({
      level: 'error' as const,
      file,
      line: found.line,
      message,
    })),
  );
  return [...findings, ...checkWords(file, area, source), ...checkLength(file, source)];
}

function checkImport(file: string, area: Area, found: FoundImport): string[] {
  const { specifier } = found;
  const target = resolveInside(file, specifier);
  if (target !== undefined) return checkInside(file, area, specifier, target);
  const isBuiltin = specifier.startsWith('node:') || builtins.has(specifier);
  if (isBuiltin)
    return area.mayUseNode ? [] : [`${area.name} may not use Node (${specifier}). ${area.advice}`];
  const name = packageOf(specifier);
  const known = dependencyClasses[name];
  if (known === undefined) {
    if (area.name === 'tests and tooling') return [];
    return [
      `${name} is not classified. Say in scripts/dependency-classes.ts where it may run, and why it is needed.`,
    ];
  }
  if (area.mayUse.includes(known.runs)) return [];
  return [`${area.name} may not use ${name}, which is for: ${known.runs}. ${area.advice}`];
}

/** The path from the root that a specifier names, without caring whether it exists; undefined for packages. */
function resolveInside(file: string, specifier: string): string | undefined {
  const path = specifier.replace(/\?.*$/, '');
  if (path.startsWith('#')) return path.slice(1);
  if (path.startsWith('.')) return posix.normalize(posix.join(posix.dirname(file), path));
  return undefined;
}

function checkInside(file: string, area: Area, specifier: string, target: string): string[] {
  const messages: string[] = [];
  const owner = areaOf(target);
  const isFree = area.mayImport.includes('*');
  if (!isFree && owner === undefined && !/^resources\/|^package\.json$/.test(target)) {
    messages.push(`${specifier} leads out of the house. ${area.advice}`);
  }
  if (!isFree && owner !== undefined && owner !== area && !area.mayImport.includes(owner.name)) {
    messages.push(`${area.name} may not import from ${owner.name} (${specifier}). ${area.advice}`);
  }
  if (isFree) return messages;
  for (const rule of innerRules) {
    if (rule.of.test(file) && rule.not.test(target))
      messages.push(`may not import ${specifier}. ${rule.advice}`);
  }
  const from = FEATURE_FILE.exec(file);
  const to = FEATURE_FILE.exec(target);
  if (from !== null && to !== null && from[1] !== to[1] && !FEATURE_DOOR.test(to[2] ?? '')) {
    messages.push(
      `a feature enters another only through its door (${specifier}). ` +
        `Export it from renderer/features/${to[1]}/index.ts, or move what both need to renderer/components/ or shared/.`,
    );
  }
  return messages;
}

function checkWords(file: string, area: Area, source: string): Finding[] {
  if (area.name === 'tests and tooling') return [];
  const lines = blankComments(source).split('\n');
  const withComments = source.split('\n');
  const findings: Finding[] = [];
  for (const { word, except, reason } of bannedWords) {
    if (except?.test(file) === true) continue;
    // Unfinished work is announced in comments, everything else counts as code only.
    const searched = word.source.includes('TODO') ? withComments : lines;
    for (const [index, line] of searched.entries()) {
      const match = word.exec(line);
      if (match === null) continue;
      findings.push({
        level: 'error',
        file,
        line: index + 1,
        message: `"${match[0]}" is banned: ${reason}.`,
      });
    }
  }
  return findings;
}

function checkLength(file: string, source: string): Finding[] {
  const count = source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  const own = file === 'electron/main.ts' ? lineCaps['electron/main.ts'] : undefined;
  const cap = own ?? lineCaps.fail;
  if (count > cap) {
    const advice =
      own === undefined
        ? 'Split it: one file for one idea.'
        : 'It is the order of start-up and nothing else.';
    return [{ level: 'error', file, line: count, message: `${count} lines; at most ${cap}. ${advice}` }];
  }
  if (count > lineCaps.warn) {
    return [
      {
        level: 'warning',
        file,
        line: count,
        message: `${count} lines; above ${lineCaps.warn} a file usually holds two ideas.`,
      },
    ];
  }
  return [];
}

/** Every package in package.json is classified, and every classified one is still there. */
export function checkDependencies(
  packageJson: Pick<PackageJson, 'dependencies' | 'devDependencies'>,
): Finding[] {
  const named = new Set([
    ...Object.keys(packageJson.dependencies),
    ...Object.keys(packageJson.devDependencies),
  ]);
  const at = { level: 'error', file: 'scripts/dependency-classes.ts', line: 1 } as const;
  const missing = [...named]
    .filter((name) => !(name in dependencyClasses))
    .map((name) => ({
      ...at,
      message: `${name} is in package.json but not classified: where may it run, for which job?`,
    }));
  const gone = Object.entries(dependencyClasses)
    .filter(([name, { through }]) => !named.has(through ?? name))
    .map(([name]) => ({
      ...at,
      message: `${name} is classified but no longer in package.json: take it out.`,
    }));
  const misplaced = Object.keys(packageJson.dependencies)
    .filter((name) => dependencyClasses[name]?.runs === 'tooling')
    .map((name) => ({ ...at, message: `${name} is tooling: it belongs in devDependencies.` }));
  return [...missing, ...gone, ...misplaced];
}
