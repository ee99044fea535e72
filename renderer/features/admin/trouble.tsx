import classes from './admin-page.module.css';

/** What the server said no to. */
export function Trouble({ text }: { text: string | undefined }) {
  return (
    <p role="alert" className={classes.trouble} data-testid="admin-trouble">
      {text}
    </p>
  );
}
