// The list of pages that are photographed and checked has every page that there is.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { missing } from '../pages.mjs';

test('a page that nobody listed is named, also beside a route with a parameter', () => {
  const lost = missing(['', 'rollouts', 'rollouts/abc', 'settings']);
  assert.ok(lost.includes('/rollouts/new'));
  assert.ok(lost.includes('/settings/people/{Name}'));
  assert.ok(!lost.includes('/rollouts/{Id}'));
  assert.ok(!lost.includes('/'));
});
