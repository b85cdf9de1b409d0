/**
 * The border of a mask along its pixels' edges, so that an outline neither hides the pixels it surrounds nor claims any.
 * Straight stretches are one segment.
 *
 * @param mask rows x columns, columns fastest; a pixel is set where it is not 0.
 * @returns x0, y0, x1, y1 of each segment in pixel units: pixel (column, row) fills [column, column + 1] x [row, row + 1].
 */
export function contourSegments(mask: Uint8Array, columns: number, rows: number): number[] {
  const segments: number[] = [];
  // Edges between rows, then edges between columns. Drawn anew with each step of a brush: no call a pixel.
  for (let edge = 0; edge <= rows; edge += 1) {
    const above = edge > 0 ? (edge - 1) * columns : -1;
    const below = edge < rows ? edge * columns : -1;
    let from = -1;
    for (let column = 0; column < columns; column += 1) {
      const one = above >= 0 && mask[above + column] !== 0;
      const other = below >= 0 && mask[below + column] !== 0;
      if (one !== other) {
        if (from < 0) from = column;
      } else if (from >= 0) {
        segments.push(from, edge, column, edge);
        from = -1;
      }
    }
    if (from >= 0) segments.push(from, edge, columns, edge);
  }
  for (let edge = 0; edge <= columns; edge += 1) {
    let from = -1;
    for (let row = 0, at = edge; row < rows; row += 1, at += columns) {
      const one = edge > 0 && mask[at - 1] !== 0;
      const other = edge < columns && mask[at] !== 0;
      if (one !== other) {
        if (from < 0) from = row;
      } else if (from >= 0) {
        segments.push(edge, from, edge, row);
        from = -1;
      }
    }
    if (from >= 0) segments.push(edge, from, edge, rows);
  }
  return segments;
}
