import { z } from 'zod';
import { Sha256Hex, ServiceRecordModel } from '../domain/report/service-record.ts';
import { call, type ServiceSpec } from './define.ts';

/**
 * Papers as PDF, made outside the main process. Errors: the `documents.*` codes (a limit exceeded, a font
 * missing) and `blobs.diskFull`.
 */
export const documentsService = {
  /**
   * Makes the service record and keeps it in the blob store. The same model gives the same hash. Pictures
   * above a few hundred kilobytes are named by hash rather than sent along.
   */
  serviceRecord: call(
    z.object({ model: ServiceRecordModel }),
    z.object({ sha256: Sha256Hex, size: z.number().int().positive(), pages: z.number().int().positive() }),
  ),
} satisfies ServiceSpec;

/** What the worker that makes papers serves to the host. */
export const reportsWorkerContract = { documents: documentsService };
