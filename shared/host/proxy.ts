import type { ServiceClient, ServiceHandlers, ServiceSpec } from './define.ts';

/**
 * Handlers that pass every method of a service on to another host that serves
 * the same service: this is how a worker's service appears in the main contract.
 */
export function proxyService<S extends ServiceSpec>(
  spec: S,
  target: () => Promise<ServiceClient<S>>,
): ServiceHandlers<S> {
  const handlers: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(spec)) {
    type Method = (input: unknown, options: { signal: AbortSignal }) => unknown;
    const forward = async (): Promise<Method> => ((await target()) as Record<string, Method>)[name] as Method;
    handlers[name] =
      method.kind === 'call'
        ? async (input: unknown, context: { signal: AbortSignal }) => (await forward())(input, context)
        : async function* (input: unknown, context: { signal: AbortSignal }) {
            yield* (await forward())(input, context) as AsyncIterable<unknown>;
          };
  }
  return handlers as ServiceHandlers<S>;
}
