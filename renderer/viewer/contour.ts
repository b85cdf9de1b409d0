/**
 * The border of a mask along its pixels' edges, so that an outline neither hides the pixels it surrounds nor claims any.
 * Straight stretches are one segment.
 *
 * @param mask rows x columns, columns fastest; a pixel is set where it is not 0.
 * @returns x0, y0, x1, y1 of each segment in pixel units: pixel (column, row) fills [column, column + 1] x [row, row + 1].
 */
export function contourSegments(mask: Uint8Array, columns: number, rows: number): number[] {
  const segments: number[] = [];
  const set = (row: number, column: number): boolean =>
    row >= 0 && column >= 0 && row < rows && column < columns && mask[row * columns + column] !== 0;

  for (let edge = 0; edge <= rows; edge += 1) {
    let from = -1;
    for (let column = 0; column <= columns; column += 1) {
      const border = column < columns && set(edge - 1, column) !== set(edge, column);
      if (border && from < 0) from = column;
      if (!border && from >= 0) {
        segments.push(from, edge, column, edge);
        from = -1;
      }
    }
  }
  for (let edge = 0; edge <= columns; edge += 1) {
    let from = -1;
    for (let row = 0; row <= rows; row += 1) {
      const border = row < rows && set(row, edge - 1) !== set(row, edge);
      if (border && from < 0) from = row;
      if (!border && from >= 0) {
        segments.push(edge, from, edge, row);
        from = -1;
      }
    }
  }
  return segments;
}
