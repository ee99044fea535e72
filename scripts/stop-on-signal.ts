/**
 * Ends the process cleanly on Ctrl+C or SIGTERM: runs `stop`, waits for it and
 * exits with 0; with 1 when it failed. A second Ctrl+C does not wait.
 */
export function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  const end = (): void => {
    if (isStopping) process.exit(130);
    isStopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}
