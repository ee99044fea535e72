import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/**
 * The options of the command line. With `--help` prints `usage` and ends with 0; with what it does not understand
 * says what, prints `usage` on standard error, and ends with 2.
 */
export function understand<const O extends Options>(usage: string, options: O): Values<O> {
  if (process.argv.includes('--help')) {
    console.log(usage);
    return process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}
