/**
 * Text from a server as plain, bounded text: control characters (escape sequences), invisible and
 * direction-changing characters become spaces, so that it cannot imitate our own words.
 */
export function printable(text: string, maxChars: number): string {
  return text
    .slice(0, maxChars * 2)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{C}\n]/gu, ' ')
    .slice(0, maxChars);
}
