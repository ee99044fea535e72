import { HostError } from '#shared/host/errors.ts';

/** Why no paper came out. Each has a sentence in both languages in the renderer. */
export type DocumentErrorCode =
  | 'documents.badModel'
  | 'documents.fontUnavailable'
  | 'documents.tooManyPhotos'
  | 'documents.pictureTooBig'
  | 'documents.picturesTooBig'
  | 'documents.tooManyRows'
  | 'documents.textTooLong'
  | 'documents.signatureTooLong';

/** Thrown where a document cannot be made at all; a single bad picture or character never is a reason. */
export class DocumentError extends HostError {
  constructor(
    code: DocumentErrorCode,
    message: string,
    detail: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(code, message, detail);
    this.name = 'DocumentError';
  }
}
