/**
 * Licences that may ship with Faultline (Apache-2.0). MPL-2.0 is weak copyleft
 * by file: allowed as long as the files of the package are shipped unchanged.
 */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'MPL-2.0',
  'OFL-1.1',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/**
 * Whether a package under this SPDX expression may ship. `A OR B` needs one
 * of them, `A AND B` both. Anything that is not understood is not allowed.
 */
export function isAllowedLicence(expression: string): boolean {
  const text = expression.trim().replace(/^\((.*)\)$/, '$1');
  // OR binds weaker than AND. Nested brackets do not occur in the tree, and are refused.
  if (/[()]/.test(text)) return false;
  return text.split(/ OR /).some((part) => part.split(/ AND /).every((id) => ALLOWED.has(id.trim())));
}

/** A licence text cut into what differs between packages and what does not. */
export interface LicenceText {
  /** The copyright lines, as they stand in the file. */
  readonly copyright: readonly string[];
  /** Everything else, with white space made even: equal for equal licences. */
  readonly body: string;
}

/** Cuts a licence file, so that one text can stand for the many packages that share it. */
export function cutLicence(text: string): LicenceText {
  const isCopyright = (line: string): boolean =>
    /^(copyright\b|\(c\)|©)/i.test(line) && line.length < 200 && /\d|\(c\)|©/i.test(line);
  const isTitle = (line: string): boolean =>
    /^(the )?(mit|isc|bsd|zero-clause bsd|bsd \d-clause)( licen[cs]e)?:?( \((mit|isc|bsd)\))?$/i.test(
      line.replace(/^[#*\s]+|[*\s]+$/g, ''),
    );
  const lines = text
    .replaceAll('\r', '')
    .split('\n')
    .map((line) => line.trim());
  const paragraphs = lines
    .map((line) => (isCopyright(line) || isTitle(line) ? '' : line))
    .join('\n')
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s+/g, ' '))
    .filter((paragraph) => paragraph !== '');
  return { copyright: lines.filter(isCopyright), body: paragraphs.join('\n\n') };
}
