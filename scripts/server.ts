/** `npm run server`: starts the central server, and does for it what its administrator needs. */
import { ZodError } from 'zod';
import { commands } from './server/commands.ts';
import { helpOf } from './server/help.ts';
import { readFlags } from './server/options.ts';

try {
  const { flags, command } = readFlags(process.argv.slice(2));
  if (flags.help) console.log(helpOf(command[0]));
  else {
    const name = command.length === 0 ? 'serve' : command.join(' ');
    const run = commands[name];
    if (run === undefined) throw new RangeError(`There is no command "${name}".\n\n${helpOf(command[0])}`);
    await run(flags);
  }
} catch (error) {
  console.error(sentenceOf(error));
  process.exitCode = 1;
}

/** What was refused is a sentence for a person. */
function sentenceOf(error: unknown): string {
  if (error instanceof ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
  return error instanceof Error ? error.message : String(error);
}
