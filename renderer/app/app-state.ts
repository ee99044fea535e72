/** Where the application stands, for everything that watches from outside. */
export type AppState = 'loading' | 'start' | 'locked' | 'ready' | 'lost';

/** Says so on the document element, and marks the moment for measurements. */
export function setAppState(state: AppState): void {
  if (document.documentElement.dataset.appState === state) return;
  document.documentElement.dataset.appState = state;
  performance.mark(`app/${state}`);
}
