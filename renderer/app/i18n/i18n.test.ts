import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import en from './en/index.ts';
import zhCN from './zh-CN/index.ts';

type Texts = { readonly [key: string]: string | Texts };

function keysOf(texts: Texts, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value, `${prefix}${key}.`),
  );
}
/** i18next picks `_one`, `_other` by number; Chinese has only `_other`. */
const withoutPlural = (key: string): string => key.replace(/_(zero|one|two|few|many|other)$/, '');
const textAt = (texts: Texts, key: string): string | undefined => {
  const value = key
    .split('.')
    .reduce<string | Texts | undefined>((at, part) => (typeof at === 'object' ? at[part] : undefined), texts);
  return typeof value === 'string' ? value : undefined;
};

const root = path.resolve(import.meta.dirname, '../..');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
const everything = sources.map(({ text }) => text).join('\n');

const areas = Object.keys(en).join('|');
/** Keys written out: 'app.close'. */
const literal = new Set(
  [...everything.matchAll(new RegExp(`['"\`]((?:${areas})\\.[A-Za-z0-9_.-]+)['"\`]`, 'g'))].map(
    (match) => match[1]!,
  ),
);
/** Keys put together: `ticket.work.${state}` stands for all that begin and end so. */
const patterns = [...everything.matchAll(new RegExp(`\`((?:${areas})\\.[^\`]*?\\$\\{[^\`]*)\``, 'g'))].map(
  (match) =>
    new RegExp(
      `^${match[1]!
        .split(/\$\{[^}]*\}/)
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('[A-Za-z0-9_.-]+')}$`,
    ),
);
/** Filled in by explain.ts, which makes the key from an error's code. */
const byCode =
  /^(?:error\.|terminal\.error\.|log\.error\.|document\.error\.|ticket\.refusal\.|part\.refusal\.|site\.refusal\.)/;

describe('the texts', () => {
  const enKeys = new Set(keysOf(en).map(withoutPlural));
  const zhKeys = new Set(keysOf(zhCN).map(withoutPlural));

  it('exist in both languages', () => {
    expect([...enKeys].filter((key) => !zhKeys.has(key))).toEqual([]);
    expect([...zhKeys].filter((key) => !enKeys.has(key))).toEqual([]);
  });

  it('are never empty, and name the same values in both languages', () => {
    const values = (text: string): string[] =>
      [...text.matchAll(/\{\{\s*([\w.]+)/g)].map((match) => match[1]!).sort();
    for (const key of keysOf(en)) {
      const [english, chinese] = [
        textAt(en, key)!,
        textAt(zhCN, key) ?? textAt(zhCN, `${withoutPlural(key)}_other`) ?? '',
      ];
      expect([key, english.trim() !== '', chinese.trim() !== '']).toEqual([key, true, true]);
      expect([key, [...new Set(values(chinese))]]).toEqual([key, [...new Set(values(english))]]);
    }
  });

  it('are there for every key the screens ask for', () => {
    const isNamespace = (key: string): boolean => [...enKeys].some((known) => known.startsWith(`${key}.`));
    const commandIds = new Set(
      [...everything.matchAll(/\bid: '([a-z]+\.[A-Za-z]+)'/g)].map((match) => match[1]!),
    );
    const missing = [...literal].filter(
      (key) =>
        !enKeys.has(withoutPlural(key)) &&
        !isNamespace(key) &&
        !commandIds.has(key) &&
        !enKeys.has(`error.${key}`) &&
        !enKeys.has(key.replace('.', '.error.')) &&
        !enKeys.has(key.replace('.', '.refusal.')) &&
        !notAKey(key),
    );
    expect(missing).toEqual([]);
  });

  it('explain every error that the host throws', () => {
    const repository = path.resolve(root, '..');
    const thrown = ['electron/services', 'shared/host', 'renderer']
      .flatMap((folder) =>
        readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
          .map((file) => readFileSync(path.join(repository, folder, file), 'utf8')),
      )
      .flatMap((text) => [
        ...text.matchAll(/Error\(\s*'((?:app|blobs|host|journal|store|sync|vault)\.[A-Za-z]+)'/g),
      ])
      .map((match) => match[1]!);
    expect(thrown.length).toBeGreaterThan(30);
    expect([...new Set(thrown)].filter((code) => !enKeys.has(`error.${code}`))).toEqual([]);
  });

  it('are all used', () => {
    const unused = [...enKeys].filter(
      (key) => !literal.has(key) && !patterns.some((pattern) => pattern.test(key)) && !byCode.test(key),
    );
    expect(unused).toEqual([]);
  });
});

/** Event types and error codes look like keys and are not. */
function notAKey(text: string): boolean {
  return (
    /^(?:ticket|part|site)\.[a-z][A-Za-z]+$/.test(text) ||
    /\.(?:ts|tsx|css|json)$/.test(text) ||
    text.endsWith('.')
  );
}
