/** How a screen learned that it gets no more of its session. */
export type ScreenEnd =
  | {
      readonly why: 'exit' | 'closed' | 'error' | 'movedToAnotherScreen';
      readonly exitCode?: number;
      readonly signal?: string;
      readonly code?: string;
      readonly message?: string;
    }
  | { readonly why: 'error'; readonly thrown: unknown };

/** Something the user must know while the session goes on: said by the host, or a call that failed. */
export type ScreenNotice = { readonly code: string; readonly message: string } | { readonly thrown: unknown };
