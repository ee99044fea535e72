import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from '@playwright/test';

/** Renders resources/icons/icon.svg to the sizes that desktops ask for: `node scripts/icons.ts`. */
const SIZES = [16, 32, 48, 64, 128, 256, 512, 1024];
const folder = path.resolve(import.meta.dirname, '../resources/icons');

const drawing = await readFile(path.join(folder, 'icon.svg'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage({ viewport: { width: 1024, height: 1024 } });
for (const size of SIZES) {
  await page.setContent(
    `<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawing}`,
  );
  await page.screenshot({
    path: path.join(folder, `${size}x${size}.png`),
    clip: { x: 0, y: 0, width: size, height: size },
    omitBackground: true,
  });
}
await browser.close();
// electron-builder makes .ico and .icns from the largest.
await copyFile(path.join(folder, '1024x1024.png'), path.join(folder, 'icon.png'));
console.log(`Icons: ${SIZES.length} sizes in ${folder}`);
