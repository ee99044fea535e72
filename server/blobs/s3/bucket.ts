import { createReadStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Draft } from '../write-draft.ts';
import { explainFailure, isMissingObject, isWorthRepeating } from './explain-failure.ts';
import type { S3Settings } from './read-settings.ts';

export interface BucketPatience {
  /** How often a request is made before it has failed. */
  readonly tries: number;
  /** Pause before the second try; it doubles with each, and half of it is chance. */
  readonly pauseMs: number;
  /** A connection on which nothing moves for so long is dead. */
  readonly silenceMs: number;
}
/** About eight seconds of a store that asks to slow down: longer waits are the laptop's, which holds the bytes. */
export const PATIENCE: BucketPatience = { tries: 6, pauseMs: 250, silenceMs: 20_000 };

const CONNECT_MS = 5_000;

/** What goes wrong is thrown, and logged where the server logs; the SDK would write to the console besides. */
const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** A bucket, below a prefix: the few requests that are made to it, repeated when that may help, and their errors as sentences. */
export class Bucket {
  readonly #client: S3Client;
  readonly #settings: S3Settings;
  readonly #patience: BucketPatience;
  #failures = 0;

  constructor(settings: S3Settings, patience: BucketPatience = PATIENCE) {
    const { endpoint, region, pathStyle } = settings;
    this.#settings = settings;
    this.#patience = patience;
    this.#client = new S3Client({
      forcePathStyle: pathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      // Repeated here, with the body opened anew.
      maxAttempts: 1,
      logger: SILENT,
      // Not every store knows Amazon's newer checksums. The signed SHA-256 is as old as the signature, and stronger.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: patience.silenceMs },
    });
  }

  /** Requests that failed, each try counted. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Stores a file under a name. Its SHA-256 is signed into the request: a store that speaks Signature V4 hashes what arrives
   * and keeps nothing that differs. Resolves when the store has confirmed it.
   */
  async put(key: string, { path, size }: Draft, sha256: string): Promise<void> {
    await this.#try(async () => {
      const body = createReadStream(path);
      const command = new PutObjectCommand({ ...this.#at(key), Body: body, ContentLength: size });
      command.middlewareStack.add(
        (next) => (args) => {
          (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
          return next(args);
        },
        { step: 'build', name: 'signTheHashOfTheBody' },
      );
      try {
        await this.#client.send(command);
      } finally {
        body.destroy();
      }
    });
  }

  /** Bytes of an object, or `undefined`. */
  async size(key: string): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.#try(() =>
        this.#client.send(new HeadObjectCommand(this.#at(key))),
      );
      return ContentLength ?? 0;
    } catch (error) {
      if (!isMissingObject(error)) throw error;
      // An answer to HEAD has no body that could tell a missing object from a missing bucket.
      await this.probe();
      return undefined;
    }
  }

  /** The bytes; they end in a StorageFailure when there are none, or the connection breaks. */
  read(key: string): Readable {
    return Readable.from(this.#chunks(key), { objectMode: false });
  }

  async *#chunks(key: string): AsyncGenerator<Buffer> {
    try {
      const { Body } = await this.#try(() => this.#client.send(new GetObjectCommand(this.#at(key))));
      for await (const chunk of Body as Readable) yield chunk as Buffer;
    } catch (error) {
      this.#failures++;
      throw this.#explained(error);
    }
  }

  async remove(key: string): Promise<void> {
    await this.#try(() => this.#client.send(new DeleteObjectCommand(this.#at(key))));
  }

  /** All objects whose key begins so, in the order of their keys. */
  async *list(start: string): AsyncGenerator<StoredObject> {
    const { bucket, prefix } = this.#settings;
    let token: string | undefined;
    do {
      const page = await this.#try(() =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: `${prefix}${start}`,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        ),
      );
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? [])
        yield { key: Key.slice(prefix.length), size: Size, modifiedAt: LastModified?.getTime() ?? 0 };
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** @throws StorageFailure when the bucket is not there for this server. */
  async probe(tries = this.#patience.tries): Promise<void> {
    const { bucket } = this.#settings;
    try {
      await this.#try(() => this.#client.send(new HeadBucketCommand({ Bucket: bucket })), tries);
    } catch (error) {
      if (isMissingObject(error)) throw explainFailure({ name: 'NoSuchBucket' }, bucket);
      throw error;
    }
  }

  close(): void {
    this.#client.destroy();
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#settings.bucket, Key: `${this.#settings.prefix}${key}` };
  }

  /** What is missing comes back as the SDK said it; everything else as a StorageFailure. */
  async #try<T>(ask: () => Promise<T>, tries = this.#patience.tries): Promise<T> {
    const { pauseMs } = this.#patience;
    for (let tried = 1; ; tried++) {
      try {
        return await ask();
      } catch (error) {
        if (isMissingObject(error)) throw error;
        this.#failures++;
        if (tried === tries || !isWorthRepeating(error)) throw this.#explained(error);
        const pause = pauseMs * 2 ** (tried - 1);
        await wait(pause / 2 + (Math.random() * pause) / 2);
      }
    }
  }

  #explained(error: unknown): unknown {
    return isMissingObject(error) ? error : explainFailure(error, this.#settings.bucket);
  }
}
