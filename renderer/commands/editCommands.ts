import { useEditsStore } from '../stores/edits';
import { usePaintingStore, type Tool } from '../stores/painting';
import { useReviewStore } from '../stores/review';
import { useViewStore } from '../stores/view';
import type { Command } from './registry';

/** Tools that change a mask, and the way back. */
export function editCommands(): Command[] {
  const edits = useEditsStore();
  const painting = usePaintingStore();
  const review = useReviewStore();
  const view = useViewStore();
  const inReview = (): boolean => view.place === 'review' && review.open !== null;
  const tool = (id: Tool, title: string, keys: string[]): Command => ({
    id: `tool.${id}`,
    title,
    keys,
    enabled: inReview,
    run: () => {
      painting.tool = id;
    },
  });
  return [
    tool('point', 'Go to a point', ['Escape']),
    tool('brush', 'Brush', ['B']),
    tool('eraser', 'Eraser', ['E']),
    tool('fill', 'Fill what an outline encloses', ['G']),
    tool('remove', 'Remove the lesion that is clicked', ['X']),
    tool('split', 'Split a lesion by a line', ['L']),
    {
      id: 'tool.smaller',
      title: 'Smaller brush',
      keys: ['['],
      enabled: inReview,
      run: () => painting.resize(-1),
    },
    {
      id: 'tool.larger',
      title: 'Larger brush',
      keys: [']'],
      enabled: inReview,
      run: () => painting.resize(1),
    },
    {
      id: 'tool.ball',
      title: 'Brush on one slice or through the slices',
      keys: ['D'],
      enabled: inReview,
      run: () => {
        painting.ball = !painting.ball;
      },
    },
    {
      id: 'edit.undo',
      title: 'Undo',
      now: () => (edits.undoName === null ? 'Undo' : `Undo: ${edits.undoName}`),
      keys: ['Ctrl+Z'],
      enabled: () => inReview() && edits.undoName !== null,
      run: () => edits.undo(),
    },
    {
      id: 'edit.redo',
      title: 'Redo',
      now: () => (edits.redoName === null ? 'Redo' : `Redo: ${edits.redoName}`),
      keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
      enabled: () => inReview() && edits.redoName !== null,
      run: () => edits.redo(),
    },
    {
      id: 'edit.removeLesion',
      title: 'Remove the lesion at the crosshair',
      keys: ['Delete'],
      enabled: inReview,
      run: () => painting.removeAtCursor(),
    },
    {
      id: 'edit.fillBetween',
      title: 'Fill the slices between two outlines',
      keys: ['I'],
      enabled: inReview,
      run: () => painting.fillSlices(),
    },
    {
      id: 'edit.copyBelow',
      title: 'Copy the mask of the slice below',
      keys: [','],
      enabled: inReview,
      run: () => painting.copySliceFrom(-1),
    },
    {
      id: 'edit.copyAbove',
      title: 'Copy the mask of the slice above',
      keys: ['.'],
      enabled: inReview,
      run: () => painting.copySliceFrom(1),
    },
  ];
}
