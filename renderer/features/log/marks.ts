/** A marked line: where its bytes are, and its number if it is known. */
export interface MarkedLine {
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly line: number | null;
}

/** Marked lines by their first byte. */
export type Marks = ReadonlyMap<number, MarkedLine>;

export interface ByteRange {
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Marks a line, or takes its mark away. */
export function toggleMark(marks: Marks, line: MarkedLine): Marks {
  const next = new Map(marks);
  if (!next.delete(line.byteOffset)) next.set(line.byteOffset, markOf(line));
  return next;
}

/** Marks all these lines. */
export function addMarks(marks: Marks, lines: readonly MarkedLine[]): Marks {
  const next = new Map(marks);
  for (const line of lines) next.set(line.byteOffset, markOf(line));
  return next;
}

/** The marked bytes in the order of the file; lines that touch are one range. */
export function rangesOf(marks: Marks): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (const { byteOffset, byteLength } of [...marks.values()].sort((a, b) => a.byteOffset - b.byteOffset)) {
    if (byteLength === 0) continue;
    const last = ranges.at(-1);
    if (last !== undefined && byteOffset <= last.byteOffset + last.byteLength) {
      const end = Math.max(last.byteOffset + last.byteLength, byteOffset + byteLength);
      ranges[ranges.length - 1] = { byteOffset: last.byteOffset, byteLength: end - last.byteOffset };
    } else ranges.push({ byteOffset, byteLength });
  }
  return ranges;
}

function markOf({ byteOffset, byteLength, line }: MarkedLine): MarkedLine {
  return { byteOffset, byteLength, line };
}
