import { useEffect, useState, type RefObject } from 'react';

/** What tokens.css says before the first measure. */
const DEFAULT_PX = 58;

/** The height of a row in pixels as the density in force sets it. */
export function useRowHeight(element: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(DEFAULT_PX);
  useEffect(() => {
    const measure = (): void => {
      const style = getComputedStyle(element.current ?? document.documentElement);
      setHeight(Number.parseFloat(style.getPropertyValue('--row-height')) || DEFAULT_PX);
    };
    measure();
    const observer = new MutationObserver(measure);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-density'] });
    return () => observer.disconnect();
  }, [element]);
  return height;
}
