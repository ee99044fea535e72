/** The text in gzip bytes, by the platform's own stream. @throws if the bytes are damaged. */
export async function gunzipText(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}
