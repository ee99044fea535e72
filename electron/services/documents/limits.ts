import {
  SERVICE_RECORD_LIMITS as limits,
  type ServiceRecordModel,
} from '#shared/domain/report/service-record.ts';
import { DocumentError, type DocumentErrorCode } from './document-error.ts';

/**
 * Refuses a record that would not make a readable paper or not fit in memory.
 * @throws DocumentError naming the limit and what was given
 */
export function checkLimits(model: ServiceRecordModel): void {
  const { signature } = model;
  hold('documents.tooManyPhotos', 'photos', model.photos.length, limits.photos);
  hold('documents.tooManyRows', 'parts', model.parts.length, limits.parts);
  hold('documents.tooManyRows', 'evidence entries', model.evidence.length, limits.evidence);
  hold('documents.tooManyRows', 'promises', model.promises.length, limits.promises);
  if (signature?.kind === 'strokes') {
    const points = signature.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
    hold('documents.signatureTooLong', 'points in the signature', points, limits.signaturePoints);
  }
  let allText = 0;
  for (const length of textLengths(model)) {
    hold('documents.textTooLong', 'characters in one text', length, limits.textLength);
    allText += length;
  }
  hold('documents.textTooLong', 'characters in all texts', allText, limits.allTextLength);
}

/** @throws DocumentError `documents.pictureTooBig`; asked before a kept picture is read into memory. */
export function checkPictureSize(bytes: number): void {
  hold('documents.pictureTooBig', 'bytes in one picture', bytes, limits.pictureBytes);
}

/** Counts the bytes of all pictures as they come. */
export class PictureBudget {
  #all = 0;

  /** @throws DocumentError `documents.pictureTooBig`, `documents.picturesTooBig` */
  take(bytes: number): void {
    checkPictureSize(bytes);
    this.#all += bytes;
    hold('documents.picturesTooBig', 'bytes in all pictures', this.#all, limits.allPictureBytes);
  }
}

function hold(code: DocumentErrorCode, what: string, count: number, limit: number): void {
  if (count <= limit) return;
  throw new DocumentError(
    code,
    `The service record holds ${count} ${what}; ${limit} is the most one paper takes. Leave some out or attach them as evidence.`,
    { what, count, limit },
  );
}

function* textLengths(value: unknown): Generator<number> {
  if (typeof value === 'string') yield value.length;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (Array.isArray(value) && typeof value[0] === 'number') return;
  for (const inner of Object.values(value)) yield* textLengths(inner);
}
