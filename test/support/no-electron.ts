// Requiring `electron` outside Electron starts a download and fails late and unclearly.
throw new Error(
  "A test imported 'electron'. Only electron/shell/ may, and its tests pass the API in (see electron/shell/ports.ts).",
);
