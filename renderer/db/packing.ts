/** gzip over JSON, by the platform's own streams. */
export async function pack(value: unknown): Promise<Uint8Array<ArrayBuffer>> {
  return through(new TextEncoder().encode(JSON.stringify(value)), new CompressionStream('gzip'));
}

/** The value that {@link pack} packed. @throws if the bytes are damaged. */
export async function unpack<T>(bytes: Uint8Array<ArrayBuffer>): Promise<T> {
  return JSON.parse(await gunzipText(bytes)) as T;
}

export async function gunzipText(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new TextDecoder().decode(await through(bytes, new DecompressionStream('gzip')));
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
