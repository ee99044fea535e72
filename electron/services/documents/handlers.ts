import type { documentsService } from '#shared/host/documents.ts';
import type { ServiceHandlers } from '#shared/host/define.ts';
import { SERVICE_RECORD_LIMITS } from '#shared/domain/report/service-record.ts';
import { errorCode } from '#shared/host/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { documentFontPaths, loadDocumentFonts, type DocumentFontPaths, type DocumentFonts } from './fonts.ts';
import { checkPictureSize } from './limits.ts';
import type { PictureFault, ReadBlob } from './pictures.ts';
import { layOutServiceRecord } from './service-record.ts';

export interface DocumentOptions {
  readonly blobs: BlobStore;
  /** Where a package keeps the two font files; node_modules unless told. */
  readonly fontsDir?: string;
}

/** Serves the papers. Fonts are read at the first paper and kept. */
export function createDocumentHandlers({
  blobs,
  fontsDir,
}: DocumentOptions): ServiceHandlers<typeof documentsService> {
  const fonts = keptFonts(() => documentFontPaths(fontsDir));
  const readBlob = pictureReader(blobs);
  return {
    serviceRecord: async ({ model }, { signal }) => {
      const { bytes, pages } = await layOutServiceRecord(model, { fonts: await fonts(), readBlob });
      signal.throwIfAborted();
      return { ...(await blobs.put(bytes)), pages };
    },
  };
}

/** One parse for all callers; a failed one is tried again at the next call. */
function keptFonts(paths: () => DocumentFontPaths): () => Promise<DocumentFonts> {
  let kept: Promise<DocumentFonts> | undefined;
  return async () => {
    kept ??= loadDocumentFonts(paths());
    try {
      return await kept;
    } catch (thrown) {
      kept = undefined;
      throw thrown;
    }
  };
}

function pictureReader(blobs: BlobStore): ReadBlob {
  return async (sha256) => {
    const size = await blobs.size(sha256);
    if (size === undefined) return { fault: 'absent' };
    checkPictureSize(size);
    try {
      return await blobs.read(sha256, { length: SERVICE_RECORD_LIMITS.pictureBytes });
    } catch (thrown) {
      const fault = BLOB_FAULTS[errorCode(thrown) ?? ''];
      if (fault === undefined) throw thrown;
      return fault;
    }
  };
}

/** Errors of the store that one picture may have while the paper is still worth making. */
const BLOB_FAULTS: Readonly<Record<string, PictureFault>> = {
  'blobs.missing': { fault: 'absent' },
  'blobs.damaged': { fault: 'damaged' },
};
