// Writes the icons that pages use into one file that the fleet serves: fleet/CvOps.Fleet/Web/Assets/icons.svg. With --check it only compares.
import { existsSync, readFileSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/stack.mjs';

const web = join(root, 'fleet/CvOps.Fleet/Web');
const target = join(web, 'Assets/icons.svg');
const icons = join(import.meta.dirname, 'node_modules/lucide-static/icons');

// A quoted name of an icon, on a line that speaks of icons.
const used = new Set(readdirSync(web, { recursive: true }).filter(name => /\.(razor|cs|js)$/.test(name))
  .flatMap(name => readFileSync(join(web, name), 'utf8').split('\n')).filter(line => /icon/i.test(line))
  .flatMap(line => [...line.matchAll(/["'#]([a-z0-9]+(?:-[a-z0-9]+)*)["']/g)].map(([, name]) => name)).filter(name => existsSync(join(icons, `${name}.svg`))));

const symbol = name => {
  const svg = readFileSync(join(icons, `${name}.svg`), 'utf8');
  const drawn = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>')).replace(/\s*\n\s*/g, '');
  return `<symbol id="${name}" viewBox="0 0 24 24">${drawn}</symbol>`;
};
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, 'node_modules/lucide-static/package.json'), 'utf8'));
const sprite = `<!-- Icons of Lucide ${version} (https://lucide.dev), ISC licence, copyright Lucide Contributors; written by tests/CvOps.Ui/icons.mjs. -->\n<svg xmlns="http://www.w3.org/2000/svg">\n${[...used].sort().map(symbol).join('\n')}\n</svg>\n`;

if (!process.argv.includes('--check')) writeFileSync(target, sprite);
else if (readFileSync(target, 'utf8') !== sprite) {
  console.error('icons.svg is not what the pages use: make icons');
  process.exit(1);
}
console.log(`${used.size} icons`);
