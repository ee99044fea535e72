import type { CastEvent, CastHeader } from '#shared/domain/recording/asciicast.ts';
import { CastFormatError, CastReader } from '#shared/domain/recording/cast-reader.ts';
import type { HostClient } from '../../host/connect.ts';

/** What replaying needs in memory; a longer recording is played as far as this goes, and says so. */
export const MOST_BYTES = 512 * 1024 * 1024;

export interface LoadedRecording {
  readonly header: CastHeader;
  readonly events: readonly CastEvent[];
  /** The end is missing: torn by a crash, or beyond what is loaded. */
  readonly isTorn: boolean;
}

/**
 * Brings a recording to this computer if need be, and reads it.
 * @throws HostError of blobs; CastFormatError when it is damaged.
 */
export async function loadRecording(
  host: HostClient,
  sha256: string,
  signal: AbortSignal,
  onProgress: (part: number) => void,
): Promise<LoadedRecording> {
  const { size } = await host.blobs.fetch({ sha256 }, { signal });
  const reader = new CastReader();
  const decoder = new TextDecoder();
  const events: CastEvent[] = [];
  let read = 0;
  for await (const { bytes } of host.blobs.open({ sha256 }, { signal })) {
    for (const event of reader.push(decoder.decode(bytes, { stream: true }))) events.push(event);
    read += bytes.length;
    onProgress(size === 0 ? 1 : read / size);
    if (read >= MOST_BYTES) break;
  }
  if (reader.header === undefined) throw new CastFormatError(1, 'is missing or cut off');
  return { header: reader.header, events, isTorn: reader.torn || read < size };
}
