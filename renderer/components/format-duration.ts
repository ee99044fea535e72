/** A length of time as figures: `0:07`, `18:02`, `1:02:03`. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3600);
  if (hours > 0) return `${hours}:${parts.join(':')}`;
  return `${Math.floor(seconds / 60)}:${parts[1] ?? '00'}`;
}
