import classes from './frame.module.css';

/** An edge that can be dragged, and moved with the arrow keys. `axis` is the direction it moves in. */
export function Edge(props: {
  axis: 'x' | 'y';
  label: string;
  value: number;
  min: number;
  max: number;
  /** For an edge at the start of what it sizes (the dock's upper edge), moving back makes it larger. */
  isReversed?: boolean;
  onChange: (value: number) => void;
}) {
  const { axis, value, min, max, onChange } = props;
  const sign = props.isReversed === true ? -1 : 1;
  const clamp = (next: number): number => Math.round(Math.min(max, Math.max(min, next)));
  return (
    <div
      className={axis === 'x' ? classes.edgeX : classes.edgeY}
      role="separator"
      tabIndex={0}
      aria-label={props.label}
      aria-orientation={axis === 'x' ? 'vertical' : 'horizontal'}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      onKeyDown={(event) => {
        const forward = axis === 'x' ? 'ArrowRight' : 'ArrowDown';
        const back = axis === 'x' ? 'ArrowLeft' : 'ArrowUp';
        if (event.key !== forward && event.key !== back) return;
        event.preventDefault();
        onChange(clamp(value + (event.key === forward ? 16 : -16) * sign));
      }}
      onPointerDown={(event) => {
        event.preventDefault();
        const target = event.currentTarget;
        const start = axis === 'x' ? event.clientX : event.clientY;
        target.setPointerCapture(event.pointerId);
        const move = (moved: PointerEvent): void =>
          onChange(clamp(value + ((axis === 'x' ? moved.clientX : moved.clientY) - start) * sign));
        target.addEventListener('pointermove', move);
        target.addEventListener('lostpointercapture', () => target.removeEventListener('pointermove', move), {
          once: true,
        });
      }}
    />
  );
}
