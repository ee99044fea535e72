/**
 * Finds the Debian packages that the tests need and installs what is missing,
 * where it may: on Debian or Ubuntu, as root. Elsewhere it names the command.
 * With `--check` it only looks. Exit code 1 when something is still missing.
 */
import { findMissingPackages, installCommand, isDebian, type SystemPackage } from './find-system-packages.ts';
import { runCommand } from './run-command.ts';

const missing = findMissingPackages();
if (missing.length === 0) console.log('System packages: all there.');
else if (process.argv.includes('--check') || !isDebian() || process.getuid?.() !== 0) explain(missing);
else await install(missing);

function explain(packages: readonly SystemPackage[]): void {
  console.error('System packages that the tests need are missing:');
  for (const { name, neededFor } of packages) console.error(`  ${name}: ${neededFor}`);
  if (isDebian()) console.error(`Install them with:\n  ${installCommand(packages)}`);
  else
    console.error(
      `On Debian or Ubuntu:\n  ${installCommand(packages)}\nElsewhere, install what carries the same programs.`,
    );
  process.exitCode = 1;
}

async function install(packages: readonly SystemPackage[]): Promise<void> {
  const names = packages.map((entry) => entry.name);
  console.log(`System packages: installing ${names.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, echo: true };
  await runCommand('apt-get', ['-o', 'Acquire::Retries=3', 'update', '-q'], options);
  await runCommand(
    'apt-get',
    ['-o', 'Acquire::Retries=3', 'install', '-q', '-y', '--no-install-recommends', ...names],
    options,
  );
  const still = findMissingPackages();
  if (still.length > 0) explain(still);
  else console.log('System packages: all there.');
}
