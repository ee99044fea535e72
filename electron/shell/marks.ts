/**
 * Prints the marks of the start, one JSON line: name -> milliseconds since the
 * process began. The start bench reads it.
 */
export function printMarks(): void {
  const marks = performance.getEntriesByType('mark').filter(({ name }) => name.startsWith('app/'));
  const times = Object.fromEntries(marks.map(({ name, startTime }) => [name, Math.round(startTime)]));
  process.stdout.write(`${JSON.stringify({ marks: times })}\n`);
}
