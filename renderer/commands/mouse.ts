/** What the mouse does on the pictures, and how: for the list of keys and the guide. */
export const mouseHints: readonly (readonly [what: string, how: string])[] = [
  ['Slices', 'Wheel'],
  ['Zoom', 'Ctrl+Wheel'],
  ['Size of the brush', 'Shift+Wheel'],
  ['Window and level', 'Right drag'],
  ['Move the picture', 'Middle drag'],
  ['Hide the mask while held', 'Space'],
];
