import {
  createTheme,
  Drawer,
  Modal,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

const blue: MantineColorsTuple = [
  '#edf2ff',
  '#dbe4ff',
  '#bac8ff',
  '#91a7ff',
  '#7ea2ff',
  '#4c6ef5',
  '#1f5eff',
  '#1a50dd',
  '#1746c2',
  '#123a9f',
];

/** Calm and dense: 14 px base, small radii, one accent. Colours of the product stand in tokens.css. */
export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: { light: 6, dark: 6 },
  colors: { blue },
  fontFamily:
    "'Inter Variable', 'Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
  fontFamilyMonospace: "'JetBrains Mono', 'Noto Sans Mono CJK SC', 'Sarasa Mono SC', monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '18px' },
  defaultRadius: 6,
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: { fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Its scroll lock writes a style element without our nonce; the page itself never scrolls.
    Modal: Modal.extend({ defaultProps: { lockScroll: false } }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false } }),
  },
});

/** Mantine's own surfaces in our tones, so that a dialog and the frame look like one thing. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1d1d1b',
    '--mantine-color-dimmed': '#5d5c57',
    '--mantine-color-default-border': '#d4d3ce',
    '--mantine-color-placeholder': '#75736c',
    '--mantine-color-error': '#b3261b',
  },
  dark: {
    '--mantine-color-body': '#1d1e1f',
    '--mantine-color-text': '#ececea',
    '--mantine-color-dimmed': '#b0b0ab',
    '--mantine-color-default': '#242526',
    '--mantine-color-default-border': '#3a3c3d',
    '--mantine-color-placeholder': '#93938e',
    '--mantine-color-error': '#ff8d7f',
  },
});
