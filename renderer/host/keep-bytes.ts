import { MAX_BLOB_PIECE } from '#shared/host/blobs.ts';
import type { HostClient } from './connect.ts';

/** Keeps bytes in the blob store, in pieces when they are long. */
export async function keepBytes(
  host: HostClient,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ sha256: string; size: number }> {
  if (bytes.length <= MAX_BLOB_PIECE) return host.blobs.put({ bytes });
  const { uploadId } = await host.blobs.begin({});
  for (let at = 0; at < bytes.length; at += MAX_BLOB_PIECE) {
    await host.blobs.append({ uploadId, bytes: bytes.slice(at, at + MAX_BLOB_PIECE) });
  }
  return host.blobs.finish({ uploadId });
}

/** The whole content of a blob, fetched from the server first if it is not here. */
export async function readBytes(host: HostClient, sha256: string): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await host.blobs.fetch({ sha256 });
  const whole = new Uint8Array(size);
  let at = 0;
  for await (const { bytes } of host.blobs.open({ sha256 })) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

/** Hands bytes to the user as a file: the browser's own download, on every host. */
export function offerDownload(bytes: Uint8Array<ArrayBuffer>, name: string, mediaType: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // After the click the download holds the content by itself.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
