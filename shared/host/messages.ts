import { z } from 'zod';

/** Raised when a message changes its meaning; both sides name theirs in the hello. */
export const PROTOCOL_VERSION = 1;

const id = z.number().int().nonnegative();
const method = z.string().max(100);

/** What a client may send. Anything else closes the connection. */
export const ClientMessage = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('hello'),
    protocol: z.number().int(),
    token: z.string().max(200).optional(),
    /** The user wants to go on here: whoever is in has to leave. */
    takeOver: z.literal(true).optional(),
  }),
  z.object({ t: z.literal('call'), id, method, input: z.unknown() }),
  z.object({ t: z.literal('cancel'), id }),
  z.object({ t: z.literal('listen'), id, method, input: z.unknown(), credit: z.number().positive() }),
  z.object({ t: z.literal('unlisten'), id }),
  z.object({ t: z.literal('credit'), id, n: z.number().positive() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

const WireErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

/** What a host may send. */
export const HostMessage = z.discriminatedUnion('t', [
  z.object({ t: z.literal('welcome'), protocol: z.number().int() }),
  /** The hello was not good enough; or, after the welcome, somebody else has the place now. The last message either way. */
  z.object({ t: z.literal('refused'), error: WireErrorSchema }),
  z.object({ t: z.literal('result'), id, output: z.unknown() }),
  z.object({ t: z.literal('error'), id, error: WireErrorSchema }),
  z.object({ t: z.literal('item'), id, item: z.unknown() }),
  z.object({ t: z.literal('end'), id }),
]);
export type HostMessage = z.infer<typeof HostMessage>;

/**
 * Carries messages in order between the two sides. Values are structured
 * data with `Uint8Array` leaves; how they travel is the transport's affair.
 */
export interface Transport {
  send(message: ClientMessage | HostMessage): void;
  /** One listener; messages that arrive before it is set are kept for it. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when either side has closed or the way is lost. */
  onClose(listener: () => void): void;
  close(): void;
}
