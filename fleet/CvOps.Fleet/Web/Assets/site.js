// What a page of the dashboard does in the browser.
import { actions } from './actions.js';
import { tell } from './ask.js';
import { factor } from './factor.js';
import { finder } from './finder.js';
import { listen } from './live.js';
import { preview } from './preview.js';
import { queue } from './queue.js';
import { settings } from './settings.js';

const themes = ['system', 'light', 'dark'];

// By the system, light, dark, and round again; the browser remembers.
function theme() {
  const next = themes[(themes.indexOf(localStorage.getItem('cvops-theme') ?? 'system') + 1) % themes.length];
  localStorage.setItem('cvops-theme', next);
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  tell(next === 'system' ? 'Light or dark as the system says' : `Always ${next}`);
}

document.getElementById('theme').addEventListener('click', theme);
actions();
factor();
queue();
preview();
settings();
finder();
listen();
if (document.getElementById('editor')) import('./label.js');
