/** `npm run server`: starts the central server, and does for it what its administrator needs. */
import { tellError } from '#server/ops/tell-error.ts';
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
  console.error(tellError(error));
  process.exitCode = 1;
}
