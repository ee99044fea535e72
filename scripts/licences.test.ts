import { expect, it } from 'vitest';
import { cutLicence, isAllowedLicence } from './licences.ts';

it.each([
  ['MIT', true],
  ['MIT AND OFL-1.1', true],
  ['(MIT OR CC0-1.0)', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['MIT AND GPL-3.0-only', false],
  ['GPL-3.0-only', false],
  ['SEE LICENSE IN LICENSE.txt', false],
  ['', false],
])('judges the licence %s: %s', (expression, expected) => {
  expect(isAllowedLicence(expression)).toBe(expected);
});

it('gives the same body to the same licence of two authors', () => {
  const one = cutLicence(
    'MIT License\n\nCopyright (c) 2020 One\n\nPermission is hereby\ngranted.\n\nNo warranty.\n',
  );
  const two = cutLicence(
    'The MIT License (MIT)\r\n\r\nCopyright 2021 Two\r\n\r\nPermission is\r\nhereby granted.\r\n\r\nNo warranty.',
  );
  expect(one).toEqual({
    copyright: ['Copyright (c) 2020 One'],
    body: 'Permission is hereby granted.\n\nNo warranty.',
  });
  expect(two).toEqual({ ...one, copyright: ['Copyright 2021 Two'] });
});
