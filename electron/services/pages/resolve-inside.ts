import path from 'node:path';

/**
 * The file a path names, `undefined` where it leads outside. Compared by
 * path.relative after decoding: a prefix test would let `root-other` pass, and
 * `..%2f` reaches us undecoded. A path without an extension is a place inside
 * the application and names index.html.
 */
export function resolveInside(root: string, pathname: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    // A malformed escape names no file.
    return undefined;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return undefined;
  const wanted = path.extname(decoded) === '' ? 'index.html' : decoded.replace(/^\/+/, '');
  const target = path.resolve(root, wanted);
  const relative = path.relative(root, target);
  const isInside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  return isInside ? target : undefined;
}
