/**
 * One word for a POSIX shell on the other side, whatever the text holds: inside single quotes nothing is
 * special but the quote itself. Throws on NUL, which no file name or argument can carry.
 */
export function shellQuote(word: string): string {
  if (word.includes('\0')) throw new RangeError('A word for the remote shell cannot hold a NUL character.');
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
