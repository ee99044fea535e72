/** A scope's sum as the wire has it (16 hex digits), from the database's decimal text. */
export function hashText(decimal: string): string {
  return BigInt(decimal).toString(16).padStart(16, '0');
}
