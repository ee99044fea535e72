type Move = (steps: number) => void;
let mover: Move | undefined;

/** The queue on the screen says how its cursor moves; answers how to take that back. */
export function registerQueue(move: Move): () => void {
  mover = move;
  return () => {
    if (mover === move) mover = undefined;
  };
}

/** Moves the cursor of the queue, if one is shown. */
export function moveInQueue(steps: number): void {
  mover?.(steps);
}
